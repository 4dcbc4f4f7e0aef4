-- Like place_chunks.sql. A statement of its own, because embeddings may be added until the chunks are
-- locked.
UPDATE chunk_embeddings e SET collection_id = $2 FROM chunks k
WHERE e.chunk_id = k.id AND k.version_id = $1 AND k.ordinal > $3 AND k.ordinal <= $4
