-- The stored text of versions $3 at offsets $4, so long as $5 says, in this order.
WITH {readable}, {standing}
SELECT substr(v.text, s.start + 1, s.length) AS quote
FROM unnest($3, $4, $5) WITH ORDINALITY AS s (version_id, start, length, position)
LEFT JOIN (document_versions v JOIN standing ON standing.id = v.id) ON v.id = s.version_id
ORDER BY s.position
