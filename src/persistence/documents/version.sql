-- The version $3 of the document $2 in the collection $1.
SELECT v.document_id, v.id AS version_id, v.version, v.status AS version_status, v.reason,
    coalesce(v.stated_title, v.title) AS title, v.stated_version, v.stated_date, v.stated_review,
    v.uploaded_by, v.owner, v.jurisdiction, v.audience, v.effective_from, v.review_by,
    v.expires_at, v.approved_by, v.approved_at, v.released_by, v.findings, v.created_at, v.text
FROM documents d JOIN collections c ON c.id = d.collection_id
JOIN document_versions v ON v.document_id = d.id AND v.version = $3
WHERE c.name = $1 AND d.external_id = $2 AND d.status <> 'deleted'
