ALTER TABLE document_versions DROP COLUMN warnings;
