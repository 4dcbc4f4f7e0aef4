-- The chunks of version $1 after $3 and up to $4 move to collection $2.
UPDATE chunks SET collection_id = $2 WHERE version_id = $1 AND ordinal > $3 AND ordinal <= $4
