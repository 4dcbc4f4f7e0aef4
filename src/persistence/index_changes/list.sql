-- The changes after position $1, $2: the rows of transactions from number $1 on, except the
-- transactions $2. $3 generation. Every transaction below `horizon` has ended, so the next look starts
-- there. A number from the future comes from before a restore.
WITH changes AS MATERIALIZED (
    SELECT transaction_id, version_id, changed_at FROM index_changes
    WHERE transaction_id >= $1 AND transaction_id <> ALL ($2)
        AND transaction_id < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
)
SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS server,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon,
    coalesce((SELECT array_agg(DISTINCT transaction_id) FROM changes), '{}') AS transactions,
    coalesce((SELECT array_agg(DISTINCT version_id) FROM changes), '{}') AS versions,
    coalesce((SELECT extract(epoch FROM clock_timestamp() - min(changed_at)) FROM changes), 0)::float8
        AS age_seconds,
    extract(epoch FROM clock_timestamp())::float8 AS read_at,
    (SELECT chunks FROM lexical_stats) AS chunks,
    EXISTS (SELECT FROM embedding_generations WHERE id = $3 AND status <> 'building') AS embedded
