-- The input of a search of the index in memory: $1 query, $2 names of collections or null for
-- all. `behind`: the index, at position $3, $4 of the server that started at $5, lacks changes (see
-- index_changes/list.sql). $6 are the terms of other languages.
WITH terms AS MATERIALIZED (
    SELECT t.id, ln(1 + (s.chunks - t.df + 0.5::float8) / (t.df + 0.5::float8)) AS idf
    FROM lexical_stats s, lexical_terms t
    WHERE t.lexeme = ANY(tsvector_to_array(to_tsvector('english', $1)) || $6) AND t.df > 0
)
SELECT
    (SELECT coalesce(array_agg(id), '{}') FROM collections WHERE $2 IS NULL OR name = ANY($2))
        AS collections,
    (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM terms) AS terms,
    (SELECT coalesce(array_agg(idf ORDER BY id), '{}') FROM terms) AS idfs,
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint <> $5 OR EXISTS (
        SELECT FROM index_changes WHERE transaction_id >= $3 AND transaction_id <> ALL ($4)
            AND transaction_id < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    ) AS behind
