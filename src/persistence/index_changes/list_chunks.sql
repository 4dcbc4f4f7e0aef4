-- The chunks of the versions $1 that a search may find, and whether they have embeddings of generation
-- $2.
SELECT k.id, k.version_id, k.collection_id, e.chunk_id IS NOT NULL AS embedded
FROM chunks k LEFT JOIN chunk_embeddings e ON e.chunk_id = k.id AND e.generation_id = $2
WHERE k.version_id = ANY ($1) AND k.collection_id > 0
ORDER BY k.id
