-- The lines that govern some of a chunk: headings, lead-in sentences, header rows; an array of objects
-- as `ContextLine` writes them. NULL for chunks of versions that were indexed before.
ALTER TABLE chunks ADD COLUMN context jsonb;
