ALTER TABLE documents DROP COLUMN source_validator;
ALTER TABLE documents DROP COLUMN source;
