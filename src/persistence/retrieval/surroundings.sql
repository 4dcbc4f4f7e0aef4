-- For the ranking of the chunks $1 besides the scores of the legs. $2 query, $3 its vector or
-- null, $4 generation: the cosine of the chunk, the mean over the chunk and up to two chunks before and
-- after it, and the terms of its title: how often each stands there, its idf, and whether the query has it.
WITH chosen AS MATERIALIZED (
    SELECT k.id, k.version_id, k.ordinal, coalesce(v.stated_title, v.title) AS title
    FROM chunks k JOIN document_versions v ON v.id = k.version_id WHERE k.id = ANY ($1)
), near AS MATERIALIZED (
    SELECT c.id, (avg(n.cosine) FILTER (WHERE n.ordinal = c.ordinal))::real AS cosine,
        avg(n.cosine)::real AS near
    FROM chosen c CROSS JOIN LATERAL (
        SELECT k.ordinal, 1 - (e.embedding <=> $3::halfvec) AS cosine
        FROM chunks k JOIN chunk_embeddings e ON e.chunk_id = k.id AND e.generation_id = $4
        WHERE k.version_id = c.version_id AND k.ordinal BETWEEN c.ordinal - 2 AND c.ordinal + 2
    ) n
    WHERE $3 IS NOT NULL GROUP BY c.id
), titles AS MATERIALIZED (
    SELECT t.version_id, array_agg(cardinality(l.positions)) AS counts,
        array_agg(ln(1 + (s.chunks - m.df + 0.5::float8) / (m.df + 0.5::float8))) AS idfs,
        array_agg(l.lexeme = ANY (tsvector_to_array(to_tsvector('english', $2)))) AS asked
    FROM (SELECT DISTINCT version_id, title FROM chosen) t CROSS JOIN lexical_stats s
    CROSS JOIN LATERAL unnest(to_tsvector('english', t.title)) l
    JOIN lexical_terms m ON m.lexeme = l.lexeme AND m.df > 0
    GROUP BY t.version_id
)
SELECT c.id AS chunk_id, n.cosine, n.near, coalesce(t.counts, '{}') AS counts,
    coalesce(t.idfs, '{}') AS idfs, coalesce(t.asked, '{}') AS asked
FROM chosen c LEFT JOIN near n ON n.id = c.id LEFT JOIN titles t ON t.version_id = c.version_id
