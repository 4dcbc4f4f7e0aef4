SELECT v.id FROM documents d
JOIN document_versions v ON v.document_id = d.id AND v.version = d.latest_version
WHERE d.id = $1 AND d.status = 'active' FOR NO KEY UPDATE OF d
