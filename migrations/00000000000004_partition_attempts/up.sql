-- How often the record at an offset was begun by owners that may have died of it. Counts only while
-- the offset is the next one, so nothing has to reset it.
ALTER TABLE partition_leases
    ADD COLUMN attempted_offset bigint,
    ADD COLUMN attempts integer NOT NULL DEFAULT 0;
