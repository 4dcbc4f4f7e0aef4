-- The conflicts of document $1, whichever side found them, with documents of the collections $2 (null
-- for all); at most $3.
WITH both_ways AS (
    SELECT version_id, start_offset, end_offset, quantities, other_version_id,
        other_start_offset, other_end_offset, other_quantities, similarity, found_at
    FROM document_conflicts
    WHERE version_id IN (SELECT id FROM document_versions WHERE document_id = $1)
    UNION ALL
    SELECT other_version_id, other_start_offset, other_end_offset, other_quantities, version_id,
        start_offset, end_offset, quantities, similarity, found_at
    FROM document_conflicts
    WHERE other_version_id IN (SELECT id FROM document_versions WHERE document_id = $1)
)
SELECT m.version, b.start_offset, b.end_offset, b.quantities, d.id AS other_document_id,
    c.name AS other_collection, d.external_id AS other_external_id, coalesce(o.stated_title, o.title) AS other_title,
    o.version AS other_version, b.other_start_offset, b.other_end_offset, b.other_quantities,
    b.similarity, b.found_at
FROM both_ways b
JOIN document_versions m ON m.id = b.version_id AND m.status IN ('draft', 'indexed')
JOIN document_versions o ON o.id = b.other_version_id AND o.status IN ('draft', 'indexed')
JOIN documents d ON d.id = o.document_id AND d.status = 'active'
    AND (d.expires_at IS NULL OR d.expires_at > now())
JOIN collections c ON c.id = d.collection_id
WHERE $2 IS NULL OR c.name = ANY($2)
ORDER BY m.version DESC, b.start_offset, b.similarity DESC LIMIT $3
