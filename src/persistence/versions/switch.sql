-- $1 document, $2 version, $3 approver or null. The caller holds the lock of the document. Versions
-- before this one are superseded, except the current one while this one takes effect later.
WITH new AS (
    SELECT id, version, expires_at, effective_from, coalesce(effective_from > now(), false) AS later
    FROM document_versions WHERE id = $2
), superseded AS (
    UPDATE document_versions v SET status = 'superseded' FROM new, documents d
    WHERE v.document_id = $1 AND d.id = $1 AND v.version < new.version
        AND v.status IN ('indexed', 'received', 'draft')
        AND NOT (new.later AND v.id IS NOT DISTINCT FROM d.current_version_id)
), indexed AS (
    UPDATE document_versions SET status = 'indexed', reason = NULL, approved_by = $3,
        approved_at = now(), indexed_at = now() WHERE id = $2
)
UPDATE documents SET updated_at = now(),
    current_version_id = CASE WHEN new.later THEN current_version_id ELSE new.id END,
    expires_at = CASE WHEN new.later THEN documents.expires_at ELSE new.expires_at END,
    scheduled_version_id = CASE WHEN new.later THEN new.id END,
    scheduled_at = CASE WHEN new.later THEN new.effective_from END
FROM new WHERE documents.id = $1
