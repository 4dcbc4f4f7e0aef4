UPDATE turns SET status = 'abstained' WHERE status = 'clarifying';
ALTER TABLE turns
    DROP CONSTRAINT turns_status_check,
    ADD CONSTRAINT turns_status_check CHECK (status IN ('accepted', 'retrieving', 'answering',
        'completed', 'abstained', 'escalated', 'failed', 'cancelled')),
    DROP CONSTRAINT turns_check,
    ADD CONSTRAINT turns_check CHECK ((finished_at IS NOT NULL) =
        (status IN ('completed', 'abstained', 'escalated', 'failed', 'cancelled')));
