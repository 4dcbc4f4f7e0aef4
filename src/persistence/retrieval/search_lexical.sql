-- $1 query, $2 collections, $3 postings per term and collection, $4 limit, $5 terms of other languages
WITH query AS MATERIALIZED (
    SELECT t.id, ln(1 + (s.chunks - t.df + 0.5) / (t.df + 0.5)) AS idf
    FROM lexical_stats s, lexical_terms t
    WHERE t.lexeme = ANY(tsvector_to_array(to_tsvector('english', $1)) || $5) AND t.df > 0
)
SELECT p.chunk_id, sum(p.impact * query.idf)::real AS score
FROM query CROSS JOIN unnest($2::int[]) AS c (id)
CROSS JOIN LATERAL (
    SELECT chunk_id, impact FROM lexical_postings
    WHERE term_id = query.id AND collection_id = c.id
    ORDER BY impact DESC LIMIT $3
) p
GROUP BY p.chunk_id ORDER BY score DESC, p.chunk_id LIMIT $4
