DROP TRIGGER note_inserted_chunks ON chunks;
DROP TRIGGER note_updated_chunks ON chunks;
DROP TRIGGER note_deleted_chunks ON chunks;
DROP TRIGGER note_inserted_embeddings ON chunk_embeddings;
DROP TRIGGER note_updated_embeddings ON chunk_embeddings;
DROP FUNCTION note_changed_chunks, note_changed_embeddings;
DROP TABLE index_changes;
