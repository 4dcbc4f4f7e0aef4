-- Deletes at most $2 event ids that were processed more than $1 seconds ago.
DELETE FROM inbox WHERE (consumer_group, event_id) IN (
    SELECT consumer_group, event_id FROM inbox
    WHERE processed_at < now() - make_interval(secs => $1) LIMIT $2
)
