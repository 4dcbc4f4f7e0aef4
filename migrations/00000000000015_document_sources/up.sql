-- Where the newest version of a document was read, and the ETag or time that it had there.
ALTER TABLE documents ADD COLUMN source text;
ALTER TABLE documents ADD COLUMN source_validator text;
