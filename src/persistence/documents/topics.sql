-- The titles of at most $4 documents in the collections $3 (null for all) that may answer the reader now,
-- the newest first.
WITH {readable}, titled AS (
    SELECT coalesce(v.stated_title, v.title) AS title, max(v.id::text) AS newest
    FROM documents d JOIN collections c ON c.id = d.collection_id
    JOIN document_versions v ON v.id = CASE WHEN d.scheduled_at <= now() THEN d.scheduled_version_id
        ELSE d.current_version_id END
    WHERE d.collection_id IN (SELECT id FROM readable) AND ($3 IS NULL OR c.name = ANY($3))
        AND d.status = 'active' AND v.status = 'indexed' AND {in_force}
    GROUP BY 1
)
SELECT title FROM titled ORDER BY newest DESC LIMIT $4
