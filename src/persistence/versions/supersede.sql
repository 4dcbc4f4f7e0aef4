-- The active document that version $1 supersedes expires when the version takes effect.
UPDATE documents d SET updated_at = now(),
    expires_at = least(d.expires_at, greatest(v.effective_from, now())),
    scheduled_version_id = NULL, scheduled_at = NULL
FROM document_versions v
WHERE v.id = $1 AND d.id = v.supersedes AND d.id <> v.document_id AND d.status = 'active'
RETURNING d.id
