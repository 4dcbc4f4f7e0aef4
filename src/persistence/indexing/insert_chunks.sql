-- $1 document, $2 version, $3 collection, $4 pages, $5 starts, $6 ends, $7 texts, $8 vectors,
-- $9 generation, $10 chunks of the version before these, $11 contexts
WITH input AS (
    SELECT page, s, e, body, vector, context, $10 + nth AS n
    FROM unnest($4::int[], $5::int[], $6::int[], $7::text[], $8::text[], $11::jsonb[])
        WITH ORDINALITY AS t (page, s, e, body, vector, context, nth)
), stored AS (
    INSERT INTO chunks (document_id, version_id, collection_id, ordinal, page,
        start_offset, end_offset, text, context)
    SELECT $1, $2, $3, n, page, s, e, body, context FROM input
    RETURNING id, ordinal
)
INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
SELECT $9, stored.id, $3, input.vector::halfvec
FROM stored JOIN input ON input.n = stored.ordinal
