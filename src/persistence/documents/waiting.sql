SELECT
    (SELECT count(*) FROM document_versions v JOIN documents d ON d.id = v.document_id
        WHERE v.status = 'draft' AND d.status = 'active') AS drafts,
    (SELECT count(*) FROM document_versions v JOIN documents d ON d.id = v.document_id
        WHERE v.status = 'quarantined' AND d.status = 'active'
            AND v.version = d.latest_version) AS quarantined,
    count(*) FILTER (WHERE least(v.review_by, v.stated_review_over) <= now()) AS overdue,
    count(*) FILTER (WHERE d.expires_at <= now()) AS expired
FROM documents d JOIN document_versions v ON v.id = d.current_version_id
WHERE d.status = 'active'
