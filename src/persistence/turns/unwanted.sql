-- The turns among $1 that must stop: somebody asked for it, or the conversation was deleted, so that
-- nobody is left to answer.
SELECT r.id FROM unnest($1) AS r (id) LEFT JOIN turns t ON t.id = r.id
WHERE t.id IS NULL OR t.cancel_requested_at IS NOT NULL
