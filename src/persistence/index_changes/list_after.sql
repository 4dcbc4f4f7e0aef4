-- At most $2 chunks after chunk $1 that a search may find.
SELECT id FROM chunks WHERE id > $1 AND collection_id > 0 ORDER BY id LIMIT $2
