-- Stores a question, its turn, and a new conversation if $5 says so; enters an existing one otherwise,
-- which protects it from deletion meanwhile. `known`: the owner has used the idempotency key before.
WITH known AS MATERIALIZED (
    SELECT id FROM turns WHERE owner_id = $1 AND idempotency_key = $2
), begun AS (
    INSERT INTO conversations (id, owner_id)
    SELECT $4, $1 WHERE $5 AND NOT EXISTS (SELECT FROM known)
    RETURNING id
), entered AS (
    UPDATE conversations SET updated_at = now()
    WHERE id = $4 AND owner_id = $1 AND NOT $5 AND NOT EXISTS (SELECT FROM known)
    RETURNING id
), accepted AS (
    INSERT INTO turns (id, conversation_id, owner_id, question_id, status, collections,
        idempotency_key, request_hash, triage, deadline_at, lease_owner, lease_expires_at)
    SELECT $6, place.id, $1, $7, 'accepted', $8, $2, $3, $9, now() + make_interval(secs => $10),
        $11, now() + make_interval(secs => $12)
    FROM (SELECT id FROM begun UNION ALL SELECT id FROM entered) place
    RETURNING id, conversation_id
), asked AS (
    INSERT INTO messages (id, conversation_id, turn_id, owner_id, role, content)
    SELECT $7, conversation_id, id, $1, 'user', $13 FROM accepted
), announced AS (
    INSERT INTO outbox (event_id, topic, envelope) SELECT $14, $15, $16 FROM accepted
)
SELECT EXISTS (SELECT FROM accepted) AS accepted, EXISTS (SELECT FROM known) AS known
