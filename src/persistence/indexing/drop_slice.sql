-- At most $3 chunks of document $1: those of every version but $2, or, if that is null, those that no
-- search may return and nobody can approve.
WITH gone AS MATERIALIZED (
    SELECT k.id, k.lexical_length FROM chunks k
    JOIN document_versions v ON v.id = k.version_id JOIN documents d ON d.id = k.document_id
    WHERE k.document_id = $1 AND CASE WHEN $2 IS NOT NULL THEN k.version_id <> $2
        ELSE (d.status = 'active' AND (v.status = 'draft' OR v.id = d.current_version_id
            OR v.id = d.scheduled_version_id)) IS NOT TRUE END
    LIMIT $3
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
