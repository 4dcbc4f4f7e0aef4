-- The language of a version (BCP 47); null if it was indexed before languages were told, or says too
-- little. Such a version keeps the terms of English, by which every question is looked up as well.
ALTER TABLE document_versions ADD COLUMN language text;
