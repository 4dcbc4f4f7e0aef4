ALTER TABLE partition_leases DROP COLUMN attempted_offset, DROP COLUMN attempts;
