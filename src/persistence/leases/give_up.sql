-- $1 group, $2 topic, $3 owner, $4 partitions
WITH excess AS MATERIALIZED (
    SELECT partition FROM partition_leases
    WHERE consumer_group = $1 AND topic = $2 AND owner = $3 AND partition = ANY($4)
    FOR UPDATE SKIP LOCKED)
UPDATE partition_leases l
SET owner = NULL, expires_at = '-infinity', attempts = greatest(l.attempts - 1, 0)
FROM excess
WHERE l.consumer_group = $1 AND l.topic = $2 AND l.partition = excess.partition
