-- Ends generation $5 of turn $4, if it runs and the reader may still see each version $3 that its answer
-- cites: stores the answer, its citations, the end of its last call, the audit entry and the event.
-- `standing`: whether they may be seen. An answer without a message id is not kept.
WITH {readable}, {standing}, allowed AS MATERIALIZED (
    SELECT $3 <@ coalesce((SELECT array_agg(id) FROM standing), '{}') AS yes
), ended AS (
    UPDATE turns SET status = $6, reason = $7, done = $8, finished_at = now(),
        lease_owner = NULL, lease_expires_at = NULL
    WHERE id = $4 AND generation = $5 AND finished_at IS NULL AND (SELECT yes FROM allowed)
    RETURNING id, conversation_id, owner_id
), answered AS (
    INSERT INTO messages (id, conversation_id, turn_id, owner_id, role, content)
    SELECT $9, conversation_id, id, owner_id, 'assistant', $10 FROM ended WHERE $9 IS NOT NULL
), cited AS (
    INSERT INTO citations (turn_id, message_id, owner_id, version_id, source_id, document_id,
        quote, start_offset, end_offset, answer_start, answer_end)
    SELECT e.id, $9, e.owner_id, c.*
    FROM ended e CROSS JOIN unnest($3, $15, $16, $17, $18, $19, $20, $21) AS c
    WHERE $9 IS NOT NULL
), called AS (
    INSERT INTO turn_attempts (turn_id, generation, attempt, provider, model, started_at,
        first_token_ms, duration_ms, outcome, input_tokens, output_tokens)
    SELECT id, $5, $22, $23, $24, now() - make_interval(secs => $26 / 1000.0), $25, $26, $27, $28,
        $29
    FROM ended WHERE $22 IS NOT NULL
    ON CONFLICT (turn_id, generation, attempt) DO UPDATE SET
        first_token_ms = excluded.first_token_ms, duration_ms = excluded.duration_ms,
        outcome = excluded.outcome, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens
), audited AS (
    INSERT INTO audit_log (actor, action, subject_type, subject_id, details)
    SELECT owner_id, 'turn.finished', 'turn', id::text, $11 FROM ended
), announced AS (
    INSERT INTO outbox (event_id, topic, envelope) SELECT $12, $13, $14 FROM ended
)
SELECT EXISTS (SELECT FROM ended) AS ended, (SELECT yes FROM allowed) AS standing
