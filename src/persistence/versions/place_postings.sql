-- Like place_chunks.sql.
WITH mine AS MATERIALIZED (
    SELECT id FROM chunks WHERE version_id = $1 AND ordinal > $3 AND ordinal <= $4
)
UPDATE lexical_postings SET collection_id = $2
WHERE chunk_id BETWEEN (SELECT min(id) FROM mine) AND (SELECT max(id) FROM mine)
    AND chunk_id IN (SELECT id FROM mine)
