-- The chunks $1 that a search may find, with their embeddings of generation $2, their postings, the
-- terms of their titles and their words. The ids are close together, so that the block range index of
-- the postings finds them.
WITH chosen AS MATERIALIZED (
    SELECT id, version_id, collection_id, ordinal, text FROM chunks
    WHERE id = ANY ($1) AND collection_id > 0
), postings AS MATERIALIZED (
    SELECT chunk_id, array_agg(term_id) AS terms, array_agg(impact) AS impacts
    FROM lexical_postings
    WHERE chunk_id BETWEEN (SELECT min(id) FROM chosen) AND (SELECT max(id) FROM chosen)
        AND chunk_id IN (SELECT id FROM chosen)
    GROUP BY chunk_id
), titles AS MATERIALIZED (
    SELECT id, coalesce(stated_title, title) AS title FROM document_versions
    WHERE id IN (SELECT version_id FROM chosen)
), title_terms AS MATERIALIZED (
    SELECT v.id, array_agg(t.id) AS terms, array_agg(cardinality(l.positions)) AS counts
    FROM titles v CROSS JOIN LATERAL unnest(to_tsvector('english', v.title)) l
    JOIN lexical_terms t ON t.lexeme = l.lexeme
    GROUP BY v.id
)
SELECT c.id, c.version_id, c.collection_id, c.ordinal, e.embedding::real[] AS embedding,
    coalesce(p.terms, '{}') AS terms, coalesce(p.impacts, '{}') AS impacts,
    coalesce(t.terms, '{}') AS title_terms, coalesce(t.counts, '{}') AS title_counts,
    concat_ws(E'\n', v.title, c.text) AS text
FROM chosen c
JOIN titles v ON v.id = c.version_id
LEFT JOIN title_terms t ON t.id = c.version_id
LEFT JOIN chunk_embeddings e ON e.chunk_id = c.id AND e.generation_id = $2
LEFT JOIN postings p ON p.chunk_id = c.id
ORDER BY c.id
