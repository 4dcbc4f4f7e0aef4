-- The chunks $1 that a search may find, with their embeddings of generation $2 and their postings. The
-- ids are close together, so that the block range index of the postings finds them.
WITH chosen AS MATERIALIZED (
    SELECT id, version_id, collection_id FROM chunks WHERE id = ANY ($1) AND collection_id > 0
), postings AS MATERIALIZED (
    SELECT chunk_id, array_agg(term_id) AS terms, array_agg(impact) AS impacts
    FROM lexical_postings
    WHERE chunk_id BETWEEN (SELECT min(id) FROM chosen) AND (SELECT max(id) FROM chosen)
        AND chunk_id IN (SELECT id FROM chosen)
    GROUP BY chunk_id
)
SELECT c.id, c.version_id, c.collection_id, e.embedding::real[] AS embedding,
    coalesce(p.terms, '{}') AS terms, coalesce(p.impacts, '{}') AS impacts
FROM chosen c
LEFT JOIN chunk_embeddings e ON e.chunk_id = c.id AND e.generation_id = $2
LEFT JOIN postings p ON p.chunk_id = c.id
ORDER BY c.id
