DROP TABLE document_conflicts;

-- The release before this one knows no approval, so nothing that waits for a decision may answer: its
-- chunks go, and it has to be uploaded again.
WITH gone AS MATERIALIZED (
    SELECT id, lexical_length FROM chunks WHERE collection_id < 0
), postings AS (
    DELETE FROM lexical_postings p USING gone WHERE p.chunk_id = gone.id
    RETURNING p.term_id
), terms AS (
    UPDATE lexical_terms t SET df = t.df - n
    FROM (SELECT term_id, count(*) AS n FROM postings GROUP BY term_id) c
    WHERE t.id = c.term_id
), stats AS (
    UPDATE lexical_stats SET chunks = chunks - (SELECT count(*) FROM gone),
        total_length = total_length - (SELECT coalesce(sum(lexical_length), 0) FROM gone)
)
DELETE FROM chunks USING gone WHERE chunks.id = gone.id;
UPDATE document_versions SET status = 'failed',
    reason = 'This version waited for a decision when the release was rolled back. Upload it again.'
WHERE status IN ('draft', 'quarantined');

ALTER TABLE documents DROP COLUMN scheduled_version_id, DROP COLUMN scheduled_at;
DROP INDEX document_versions_waiting, document_versions_superseding;
ALTER TABLE document_versions
    DROP CONSTRAINT document_versions_status_check,
    ADD CONSTRAINT document_versions_status_check CHECK (status IN
        ('received', 'indexed', 'failed', 'superseded')),
    DROP COLUMN uploaded_by,
    DROP COLUMN owner,
    DROP COLUMN jurisdiction,
    DROP COLUMN audience,
    DROP COLUMN effective_from,
    DROP COLUMN review_by,
    DROP COLUMN expires_at,
    DROP COLUMN supersedes,
    DROP COLUMN approved_by,
    DROP COLUMN approved_at,
    DROP COLUMN released_by,
    DROP COLUMN findings;
