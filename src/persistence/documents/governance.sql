-- The governance of documents $1: that of the newest version, and what answers now.
SELECT d.id AS document_id, v.uploaded_by, v.owner, v.jurisdiction, v.audience, v.effective_from,
    v.review_by,
    CASE WHEN v.id = d.current_version_id THEN d.expires_at ELSE v.expires_at END AS expires_at,
    c.name || '/' || s.external_id AS supersedes, v.approved_by, v.approved_at, v.findings,
    a.version AS current_version, waiting.version AS scheduled_version,
    d.status = 'active' AND a.status = 'indexed' AND a.expires > now() AS answers,
    least(a.review_by, nullif(a.expires, 'infinity')) AS review_due_at,
    a.review_by <= now() AS review_overdue
FROM documents d
JOIN document_versions v ON v.document_id = d.id AND v.version = d.latest_version
LEFT JOIN documents s ON s.id = v.supersedes LEFT JOIN collections c ON c.id = s.collection_id
LEFT JOIN LATERAL (
    SELECT n.version, n.status, least(n.review_by, n.stated_review_over) AS review_by, coalesce(CASE WHEN n.id = d.current_version_id
        THEN d.expires_at ELSE n.expires_at END, 'infinity') AS expires
    FROM document_versions n
    WHERE n.id = CASE WHEN d.scheduled_at <= now() THEN d.scheduled_version_id
        ELSE d.current_version_id END
) a ON true
LEFT JOIN document_versions waiting ON waiting.id = d.scheduled_version_id AND d.scheduled_at > now()
WHERE d.id = ANY($1)
