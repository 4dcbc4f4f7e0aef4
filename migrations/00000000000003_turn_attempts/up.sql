-- What each call to a language model cost and how it ended. A row is written before the call goes
-- out: one without an outcome is a call that is running, or whose replica died.
--
-- No foreign key: like the audit log, what was spent outlives the conversation. Ids and numbers only.
CREATE TABLE turn_attempts (
    turn_id uuid NOT NULL,
    generation integer NOT NULL,
    -- Counts through the whole turn, whichever generation makes the call.
    attempt integer NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    first_token_ms bigint,
    duration_ms bigint,
    -- `completed`, why it failed, or what ended it from our side.
    outcome text,
    -- As the provider counted them; null where it did not say.
    input_tokens bigint,
    output_tokens bigint,
    PRIMARY KEY (turn_id, generation, attempt)
);
CREATE INDEX turn_attempts_by_start ON turn_attempts USING brin (started_at);
