INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
SELECT $1, k.id, k.collection_id, input.vector::halfvec
FROM unnest($2::bigint[], $3::text[]) AS input (id, vector)
JOIN chunks k ON k.id = input.id
FOR SHARE OF k
ON CONFLICT DO NOTHING
