-- The stored text of versions $3 at offsets $4, so long as $5 says, in this order.
WITH {readable}
SELECT substr(v.text, s.start + 1, s.length) AS quote
FROM unnest($3, $4, $5) WITH ORDINALITY AS s (version_id, start, length, position)
LEFT JOIN (document_versions v JOIN documents d ON d.id = v.document_id
        AND d.collection_id IN (SELECT id FROM readable)
        AND d.status = 'active' AND v.status IN ('indexed', 'superseded')
        AND {in_force})
    ON v.id = s.version_id
ORDER BY s.position
