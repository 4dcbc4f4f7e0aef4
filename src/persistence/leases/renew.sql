-- $1 group, $2 owner, $3 seconds to live
WITH mine AS MATERIALIZED (
    SELECT topic, partition FROM partition_leases
    WHERE consumer_group = $1 AND owner = $2 FOR UPDATE SKIP LOCKED)
UPDATE partition_leases l SET expires_at = now() + make_interval(secs => $3) FROM mine
WHERE l.consumer_group = $1 AND l.topic = mine.topic AND l.partition = mine.partition
