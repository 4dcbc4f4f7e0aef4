-- The passages of the chunks $1 that may answer now: the version that answers is the current one, or
-- the scheduled one once its time has come.
SELECT k.id AS chunk_id, k.document_id, k.version_id, d.external_id, c.name AS collection,
    coalesce(v.stated_title, v.title) AS title, v.version, v.stated_version, v.stated_date,
    v.stated_review, k.page, k.start_offset, k.end_offset, k.text, k.context
FROM chunks k
JOIN document_versions v ON v.id = k.version_id
JOIN documents d ON d.id = k.document_id
JOIN collections c ON c.id = d.collection_id
WHERE k.id = ANY($1) AND d.status = 'active' AND v.status = 'indexed'
    AND v.id = CASE WHEN d.scheduled_at <= now() THEN d.scheduled_version_id
        ELSE d.current_version_id END
    AND {in_force}
