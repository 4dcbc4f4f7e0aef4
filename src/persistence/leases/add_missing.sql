INSERT INTO partition_leases (consumer_group, topic, partition)
SELECT $1, $2, n FROM generate_series(0, $3 - 1) n ON CONFLICT DO NOTHING
