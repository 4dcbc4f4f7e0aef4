WITH {readable}
SELECT m.id, m.role, m.turn_id, m.created_at, r.sources_status,
    CASE WHEN r.sources_status = 'restricted' THEN $4 ELSE m.content END AS content
FROM (
    SELECT id, role, content, turn_id, created_at FROM messages
    WHERE owner_id = $3 AND conversation_id = $5 ORDER BY id DESC LIMIT $6
) m
LEFT JOIN turns t ON t.id = m.turn_id AND m.role = 'assistant'
{reading}
ORDER BY m.id
