-- The $4 nearest passages to each of the vectors $2, at least $3 near, of other documents than that of
-- version $1. {distance} stands for the cosine distance, {generation} and {dimension} for those of the
-- generation, as its partial index requires. The vectors are read once, not for each passage.
WITH q AS MATERIALIZED (
    SELECT nth, vector::halfvec({dimension}) AS vector
    FROM unnest($2) WITH ORDINALITY AS t (vector, nth)
)
SELECT q.nth, k.version_id, coalesce(other.stated_title, other.title) AS title, k.start_offset AS start, k.text, near.similarity::real AS similarity
FROM document_versions mine
CROSS JOIN q
CROSS JOIN LATERAL (
    SELECT e.chunk_id, 1 - ({distance}) AS similarity FROM chunk_embeddings e
    WHERE e.generation_id = {generation} AND e.collection_id > 0
    -- The passage itself may be found before: a newer version is near its older one.
    ORDER BY {distance} LIMIT 3 * $4
) near
JOIN chunks k ON k.id = near.chunk_id
JOIN documents d ON d.id = k.document_id AND d.id <> mine.document_id
    AND d.current_version_id = k.version_id
JOIN document_versions other ON other.id = k.version_id
WHERE mine.id = $1 AND near.similarity >= $3
    AND d.status = 'active' AND (d.expires_at IS NULL OR d.expires_at > now())
    AND d.id IS DISTINCT FROM mine.supersedes
    AND (mine.jurisdiction IS NULL OR other.jurisdiction IS NULL
        OR lower(mine.jurisdiction) = lower(other.jurisdiction))
    AND (mine.audience IS NULL OR other.audience IS NULL
        OR lower(mine.audience) = lower(other.audience))
ORDER BY q.nth, near.similarity DESC
