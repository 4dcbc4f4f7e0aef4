-- $1 seconds, $2 limit, $3 topic
WITH announced AS (
    SELECT envelope -> 'payload' ->> 'version_id' AS version FROM outbox
    WHERE topic = $3 AND published_at IS NULL
    UNION ALL
    SELECT envelope -> 'payload' ->> 'version_id' FROM outbox
    WHERE topic = $3 AND published_at > now() - make_interval(secs => $1)
)
SELECT v.document_id, v.id FROM document_versions v
JOIN documents d ON d.id = v.document_id
WHERE v.status = 'received' AND d.status = 'active'
  AND v.created_at < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT FROM announced a WHERE a.version = v.id::text)
ORDER BY v.created_at LIMIT $2 FOR UPDATE OF v SKIP LOCKED
