-- $1 document, $2 version. Drafts before it wait no longer; the version that answers goes on.
WITH superseded AS (
    UPDATE document_versions SET status = 'superseded'
    WHERE document_id = $1 AND id <> $2 AND status IN ('received', 'draft')
), waiting AS (
    UPDATE document_versions SET status = 'draft', indexed_at = now() WHERE id = $2
)
UPDATE documents SET updated_at = now() WHERE id = $1
