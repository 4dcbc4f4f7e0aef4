WITH gone AS MATERIALIZED (
    SELECT id, lexical_length FROM chunks
    WHERE document_id = $1 AND ($2 IS NULL OR version_id <> $2) LIMIT $3
), postings AS (
    DELETE FROM lexical_postings p USING gone WHERE p.chunk_id = gone.id
    RETURNING p.term_id
), terms AS (
    UPDATE lexical_terms t SET df = t.df - n
    FROM (SELECT term_id, count(*) AS n FROM postings GROUP BY term_id) c
    WHERE t.id = c.term_id
), stats AS (
    UPDATE lexical_stats SET chunks = chunks - (SELECT count(*) FROM gone),
        total_length = total_length - (SELECT coalesce(sum(lexical_length), 0) FROM gone)
    WHERE EXISTS (SELECT FROM gone)
)
DELETE FROM chunks USING gone WHERE chunks.id = gone.id
