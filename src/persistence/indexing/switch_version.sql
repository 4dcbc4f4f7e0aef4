-- $1 document, $2 version, $3 text, $4 warnings
WITH superseded AS (
    UPDATE document_versions SET status = 'superseded'
    WHERE document_id = $1 AND id <> $2 AND status IN ('indexed', 'received')
), indexed AS (
    UPDATE document_versions SET status = 'indexed', reason = NULL, text = $3,
        warnings = $4, indexed_at = now() WHERE id = $2
)
UPDATE documents SET current_version_id = $2, updated_at = now() WHERE id = $1
