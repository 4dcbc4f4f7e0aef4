-- What the parser left out of a version, in words for people.
ALTER TABLE document_versions ADD COLUMN warnings text[] NOT NULL DEFAULT '{}';
