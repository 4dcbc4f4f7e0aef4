UPDATE document_versions SET text = $2, warnings = $3, reason = NULL WHERE id = $1
