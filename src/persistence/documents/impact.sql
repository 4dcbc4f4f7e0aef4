-- The newest $3 answers that cite document $1: its version $2, or any.
SELECT DISTINCT c.turn_id, c.message_id, c.version_id, v.version, m.created_at AS answered_at
FROM citations c JOIN messages m ON m.id = c.message_id
JOIN document_versions v ON v.id = c.version_id
WHERE c.document_id = $1 AND ($2 IS NULL OR v.version = $2)
ORDER BY answered_at DESC LIMIT $3
