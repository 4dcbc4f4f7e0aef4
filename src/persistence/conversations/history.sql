WITH {readable}
SELECT m.role, m.content,
    CASE WHEN m.role = 'user' THEN t.done #>> '{understanding,standalone}' END AS standalone
FROM messages m JOIN turns t ON t.id = m.turn_id
{reading}
WHERE m.owner_id = $3 AND m.conversation_id = $4 AND m.turn_id < $5
    AND (r.sources_status IS NULL OR r.sources_status IN ('current', 'replaced'))
ORDER BY m.id DESC LIMIT $6
