ALTER TABLE chunks DROP COLUMN context;
