-- A turn may end with a question back.
ALTER TABLE turns
    DROP CONSTRAINT turns_status_check,
    ADD CONSTRAINT turns_status_check CHECK (status IN ('accepted', 'retrieving', 'answering',
        'completed', 'abstained', 'clarifying', 'escalated', 'failed', 'cancelled')),
    DROP CONSTRAINT turns_check,
    ADD CONSTRAINT turns_check CHECK ((finished_at IS NOT NULL) =
        (status IN ('completed', 'abstained', 'clarifying', 'escalated', 'failed', 'cancelled')));
