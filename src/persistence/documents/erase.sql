-- Goes on through the turns for document $1: the sources of the next $2 turns lose the passages of its
-- deleted versions. A turn that runs may store its sources later, so the work waits for its end. Ids of
-- turns begin with the time; turns that begin a minute after the deletion cannot know the document.
-- Returns whether there is more to do at once.
WITH work AS MATERIALIZED (
    SELECT id, erase_after, (lpad(to_hex((extract(epoch FROM updated_at + interval '1 minute')
        * 1000)::bigint), 12, '0') || repeat('f', 20))::uuid AS until
    FROM documents WHERE id = $1 AND erase_after IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED
), slice AS MATERIALIZED (
    SELECT t.id, t.finished_at IS NOT NULL AS finished,
        t.sources @> jsonb_build_array(jsonb_build_object('document_id', w.id)) AS affected
    FROM work w CROSS JOIN LATERAL (
        SELECT * FROM turns WHERE turns.id > w.erase_after AND turns.id <= w.until
        ORDER BY turns.id LIMIT $2
    ) t
), seen AS MATERIALIZED (
    SELECT id, affected FROM slice WHERE NOT EXISTS (
        SELECT FROM slice running WHERE NOT running.finished AND running.id <= slice.id)
), erased AS (
    UPDATE turns t SET sources = (
        SELECT jsonb_agg(CASE WHEN v.id IS NULL THEN s.source
            ELSE s.source || '{"title": "", "text": ""}' END ORDER BY s.place)
        FROM jsonb_array_elements(t.sources) WITH ORDINALITY AS s (source, place)
        LEFT JOIN document_versions v ON v.id = (s.source->>'version_id')::uuid
            AND v.document_id = $1 AND v.bytes IS NULL)
    FROM seen WHERE t.id = seen.id AND seen.affected
), moved AS (
    UPDATE documents d SET erase_after = CASE WHEN EXISTS (SELECT FROM slice)
        THEN coalesce((SELECT id FROM seen ORDER BY id DESC LIMIT 1), d.erase_after) END
    FROM work WHERE d.id = work.id
)
SELECT (SELECT count(*) FROM seen) = $2 AS more
