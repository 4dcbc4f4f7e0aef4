-- $1 group, $2 member, $3 seconds to live. Returns a row for each lease, or one without a lease.
-- The next beat renews a lease that a delivery has locked: waiting for it would delay the others,
-- and nobody can take it meanwhile.
WITH present AS (
    INSERT INTO consumer_members (consumer_group, member, expires_at)
    VALUES ($1, $2, now() + make_interval(secs => $3))
    ON CONFLICT (consumer_group, member) DO UPDATE SET expires_at = excluded.expires_at
), mine AS MATERIALIZED (
    SELECT topic, partition FROM partition_leases
    WHERE consumer_group = $1 AND owner = $2 FOR UPDATE SKIP LOCKED
), renewed AS (
    UPDATE partition_leases l SET expires_at = now() + make_interval(secs => $3) FROM mine
    WHERE l.consumer_group = $1 AND l.topic = mine.topic AND l.partition = mine.partition
), others AS (
    SELECT count(*) AS others, count(*) FILTER (WHERE member < $2) AS before
    FROM consumer_members WHERE consumer_group = $1 AND member <> $2 AND expires_at > now()
)
SELECT others, before, topic, partition, epoch, next_offset,
       CASE WHEN attempted_offset = next_offset THEN attempts ELSE 0 END AS attempts
FROM others LEFT JOIN partition_leases ON consumer_group = $1 AND owner = $2
ORDER BY topic, partition
