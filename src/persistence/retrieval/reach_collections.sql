-- $1 names or null for all, $2 where counting stops, $3 generation
WITH reached AS (
    SELECT coalesce(array_agg(id), '{}') AS ids FROM collections
    WHERE $1 IS NULL OR name = ANY($1)
)
SELECT ids, CASE WHEN $1 IS NULL THEN (SELECT chunks FROM lexical_stats)
    ELSE (SELECT count(*) FROM (SELECT FROM chunks
        WHERE collection_id = ANY((SELECT ids FROM reached)::int[]) LIMIT $2) c)
    END AS chunks,
    EXISTS (SELECT FROM embedding_generations WHERE id = $3 AND status <> 'building')
        AS embedded
FROM reached
