-- Scheduled versions whose time has come become the current ones: that of document $1, or of all
-- documents if it is null.
WITH due AS MATERIALIZED (
    SELECT d.id, d.current_version_id AS old, v.id AS new, v.expires_at FROM documents d
    JOIN document_versions v ON v.id = d.scheduled_version_id
    WHERE d.scheduled_at <= now() AND ($1 IS NULL OR d.id = $1)
    FOR NO KEY UPDATE OF d
), superseded AS (
    UPDATE document_versions v SET status = 'superseded' FROM due
    WHERE v.id = due.old AND v.status = 'indexed'
)
UPDATE documents d SET current_version_id = due.new, expires_at = due.expires_at,
    scheduled_version_id = NULL, scheduled_at = NULL, updated_at = now()
FROM due WHERE d.id = due.id
RETURNING d.id
