-- $1 group, $2 topic, $3 owner, $4 partitions of the topic, $5 limit, $6 seconds to live.
-- Materialized, because a join may run a plain subquery once per row, each time with its own limit.
WITH free AS MATERIALIZED (
    SELECT partition FROM partition_leases
    WHERE consumer_group = $1 AND topic = $2 AND partition < $4
      AND (owner IS NULL OR (owner <> $3 AND expires_at <= now()))
    ORDER BY partition LIMIT $5 FOR UPDATE SKIP LOCKED)
UPDATE partition_leases l
SET owner = $3, epoch = l.epoch + 1, expires_at = now() + make_interval(secs => $6),
    attempted_offset = l.next_offset,
    attempts = greatest(
        CASE WHEN l.attempted_offset = l.next_offset THEN l.attempts ELSE 0 END,
        CASE WHEN l.owner IS NULL THEN 0 ELSE 1 END)
FROM free
WHERE l.consumer_group = $1 AND l.topic = $2 AND l.partition = free.partition
