-- A turn of the owner $3, as far as the reader may see it. $4: the text in place of a withheld answer.
WITH {readable}
SELECT t.id, t.question_id, t.status, t.generation, t.request_hash, t.triage, t.created_at,
    CASE WHEN r.sources_status = 'restricted' THEN
        (t.done - 'understanding' - 'clarification') || jsonb_build_object(
            'answer', $4, 'citations', '[]'::jsonb, 'sentences', '[]'::jsonb,
            'grounded', false,
            'sources_status', 'restricted')
        ELSE t.done END AS done,
    CASE WHEN r.sources_status = 'restricted' THEN '[]' WHEN t.sources IS NOT NULL
        THEN r.sources END AS sources,
    r.sources_status,
    r.intact AND r.sources_status IS DISTINCT FROM 'restricted' AS intact
FROM turns t
{reading}
WHERE t.owner_id = $3 AND
