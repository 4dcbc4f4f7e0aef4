ALTER TABLE documents DROP COLUMN erase_after;
