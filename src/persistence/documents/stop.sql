-- $1 document, $2 version, $3 its new status, $4 reason
WITH stopped AS (
    UPDATE document_versions SET status = $3, reason = $4, approved_by = NULL, approved_at = NULL
    WHERE id = $2
)
UPDATE documents SET updated_at = now(),
    current_version_id = CASE WHEN current_version_id <> $2 THEN current_version_id END,
    scheduled_version_id = CASE WHEN scheduled_version_id <> $2 THEN scheduled_version_id END,
    scheduled_at = CASE WHEN scheduled_version_id <> $2 THEN scheduled_at END
WHERE id = $1
