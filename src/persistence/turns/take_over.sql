-- Gives the replica $1 a lease of $2 seconds on at most $3 turns whose lease has expired.
WITH expired AS (
    SELECT id FROM turns
    WHERE finished_at IS NULL AND deadline_at > now() AND lease_expires_at < now()
    ORDER BY deadline_at LIMIT $3 FOR UPDATE SKIP LOCKED
), interrupted AS (
    UPDATE turn_attempts a SET outcome = 'interrupted' FROM expired e
    WHERE a.turn_id = e.id AND a.outcome IS NULL
)
UPDATE turns t SET generation = generation + 1, lease_owner = $1, status = 'accepted',
    lease_expires_at = now() + make_interval(secs => $2), sources = NULL
FROM expired e, messages m
WHERE t.id = e.id AND m.id = t.question_id
RETURNING t.id, t.conversation_id, t.question_id, t.owner_id, m.content, t.collections,
    t.triage, t.generation,
    extract(epoch FROM t.deadline_at - now())::double precision AS seconds_left,
    (SELECT coalesce(max(attempt), 0) FROM turn_attempts a WHERE a.turn_id = t.id) AS attempts,
    (SELECT count(*) FROM turn_attempts a WHERE a.turn_id = t.id AND a.outcome NOT IN
        ('completed', 'interrupted', 'handed_over', 'superseded', 'cancelled')) AS failed_attempts
