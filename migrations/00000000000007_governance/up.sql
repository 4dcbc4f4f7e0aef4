-- Who answers for a version, for whom and for when it is meant, and who approved it.
ALTER TABLE document_versions
    ADD COLUMN uploaded_by text,
    ADD COLUMN owner text,
    ADD COLUMN jurisdiction text,
    ADD COLUMN audience text,
    ADD COLUMN effective_from timestamptz,
    ADD COLUMN review_by timestamptz,
    ADD COLUMN expires_at timestamptz,
    -- The document that stops answering when this version starts.
    ADD COLUMN supersedes uuid REFERENCES documents,
    -- NULL for a version that was indexed without approval.
    ADD COLUMN approved_by text,
    ADD COLUMN approved_at timestamptz,
    -- Who released the version from quarantine; it is not inspected again.
    ADD COLUMN released_by text,
    -- Kinds and character offsets of what was found in the text, without the text.
    ADD COLUMN findings jsonb NOT NULL DEFAULT '[]';

-- A draft is stored and embedded, and waits for approval. The chunks of a draft, their embeddings and
-- their postings have a negative collection: searches look for positive ones only.
ALTER TABLE document_versions
    DROP CONSTRAINT document_versions_status_check,
    ADD CONSTRAINT document_versions_status_check CHECK (status IN
        ('received', 'draft', 'quarantined', 'indexed', 'failed', 'superseded'));
CREATE INDEX document_versions_waiting ON document_versions (status)
    WHERE status IN ('draft', 'quarantined');
CREATE INDEX document_versions_superseding ON document_versions (supersedes)
    WHERE supersedes IS NOT NULL;

-- An approved version that takes effect later. The current one answers until then.
ALTER TABLE documents
    ADD COLUMN scheduled_version_id uuid REFERENCES document_versions,
    ADD COLUMN scheduled_at timestamptz;
CREATE INDEX documents_scheduled ON documents (scheduled_at) WHERE scheduled_at IS NOT NULL;

-- Versions that answered so far stay approved.
UPDATE document_versions SET approved_at = coalesce(indexed_at, created_at)
WHERE status IN ('indexed', 'superseded');
UPDATE document_versions v SET expires_at = d.expires_at FROM documents d
WHERE d.id = v.document_id AND d.expires_at IS NOT NULL
    AND (v.version = d.latest_version OR v.id = d.current_version_id);

-- Passages of two documents that say nearly the same with other numbers.
CREATE TABLE document_conflicts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id uuid NOT NULL REFERENCES document_versions ON DELETE CASCADE,
    other_version_id uuid NOT NULL REFERENCES document_versions ON DELETE CASCADE,
    start_offset integer NOT NULL,
    end_offset integer NOT NULL,
    other_start_offset integer NOT NULL,
    other_end_offset integer NOT NULL,
    quantities text[] NOT NULL,
    other_quantities text[] NOT NULL,
    -- The cosine of the two passages.
    similarity real NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX document_conflicts_by_version ON document_conflicts (version_id);
CREATE INDEX document_conflicts_by_other_version ON document_conflicts (other_version_id);
