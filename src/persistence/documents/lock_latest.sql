SELECT d.id, d.status, d.latest_version, v.sha256, v.title, v.media_type,
    v.status AS version_status, v.owner, v.jurisdiction, v.audience, v.effective_from, v.review_by,
    v.expires_at, v.supersedes
FROM documents d
JOIN document_versions v ON v.document_id = d.id AND v.version = d.latest_version
WHERE d.collection_id = $1 AND d.external_id = $2
FOR UPDATE OF d
