-- $1 to $3 group, topic and partition, $4 owner, $5 epoch, $6 next offset, $7 event
WITH advanced AS (
    UPDATE partition_leases SET next_offset = $6
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3
      AND owner = $4 AND epoch = $5 AND expires_at > clock_timestamp()
    RETURNING 1
), noted AS (
    INSERT INTO inbox (consumer_group, event_id) SELECT $1, $7 FROM advanced
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT EXISTS (SELECT FROM noted) AS new FROM advanced
