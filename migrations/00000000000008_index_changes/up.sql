-- The versions whose indexed chunks a transaction changed. Each replica of rag keeps an index in
-- memory and follows this log. Triggers write it, so that no statement of any release can forget to.
--
-- Transactions commit in another order than their numbers. A reader takes the rows of every
-- transaction that had not ended when it last looked, so there is no number of its own in a row.
CREATE TABLE index_changes (
    -- pg_current_xact_id()
    transaction_id bigint NOT NULL,
    version_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (transaction_id, version_id)
);

CREATE FUNCTION note_changed_chunks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO index_changes (transaction_id, version_id)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, version_id FROM changed
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION note_changed_embeddings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO index_changes (transaction_id, version_id)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, k.version_id
    FROM changed JOIN chunks k ON k.id = changed.chunk_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- Postings change only in transactions that change their chunks too.
CREATE TRIGGER note_inserted_chunks AFTER INSERT ON chunks
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_chunks();
CREATE TRIGGER note_updated_chunks AFTER UPDATE ON chunks
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_chunks();
CREATE TRIGGER note_deleted_chunks AFTER DELETE ON chunks
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_chunks();
-- Embeddings are deleted with their chunks only.
CREATE TRIGGER note_inserted_embeddings AFTER INSERT ON chunk_embeddings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_embeddings();
CREATE TRIGGER note_updated_embeddings AFTER UPDATE ON chunk_embeddings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_embeddings();
