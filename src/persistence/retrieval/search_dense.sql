-- The nearest chunks to the vector $1 in the collections $2, at most $3. {distance} stands for the
-- cosine distance, {generation} for the id of the vectors' generation: the partial index of a
-- generation is used only where both are literal.
SELECT chunk_id, (1 - ({distance}))::real AS score FROM chunk_embeddings
WHERE generation_id = {generation} AND collection_id = ANY($2)
ORDER BY {distance} LIMIT $3
