SELECT id AS document_id FROM documents WHERE erase_after IS NOT NULL LIMIT $1
