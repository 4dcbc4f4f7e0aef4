-- The version $3 of the document $2 in the collection $1, and what decides about it.
SELECT d.id, d.status, d.collection_id, d.latest_version, d.current_version_id,
    d.scheduled_version_id, v.id AS version_id, v.status AS version_status, v.uploaded_by
FROM documents d JOIN collections c ON c.id = d.collection_id
JOIN document_versions v ON v.document_id = d.id AND v.version = $3
WHERE c.name = $1 AND d.external_id = $2 AND d.status <> 'deleted'
FOR NO KEY UPDATE OF d
