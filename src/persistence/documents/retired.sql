-- At most $1 documents with chunks that no search may return and nobody can approve. Chunks are looked
-- up by version, because most versions have lost theirs long ago.
SELECT DISTINCT v.document_id FROM document_versions v JOIN documents d ON d.id = v.document_id
WHERE (d.status = 'active' AND (v.status = 'draft' OR v.id = d.current_version_id
        OR v.id = d.scheduled_version_id)) IS NOT TRUE
    AND EXISTS (SELECT FROM chunks k WHERE k.version_id = v.id)
LIMIT $1
