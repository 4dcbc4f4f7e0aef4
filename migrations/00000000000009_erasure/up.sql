-- Deleting a document also removes its passages from the sources that turns keep. The work goes through
-- the turns in the order of their ids; this is the last one it has seen. NULL: nothing is left to do.
ALTER TABLE documents ADD COLUMN erase_after uuid;
CREATE INDEX documents_to_erase ON documents (id) WHERE erase_after IS NOT NULL;

-- Documents that were deleted by earlier releases. The bytes of a version go only with its document.
UPDATE document_versions SET text = NULL, title = '', reason = NULL, warnings = '{}', findings = '[]'
WHERE bytes IS NULL;
DELETE FROM document_conflicts c USING document_versions v
WHERE v.bytes IS NULL AND v.id IN (c.version_id, c.other_version_id);
UPDATE documents d SET erase_after = '00000000-0000-0000-0000-000000000000'
WHERE EXISTS (SELECT FROM document_versions v WHERE v.document_id = d.id AND v.bytes IS NULL);
