DROP TABLE dead_letters, partition_leases, consumer_members, inbox, outbox,
    lexical_postings, lexical_stats, lexical_terms, chunk_embeddings, chunks,
    embedding_generations, citations, feedback, messages, turns, conversations,
    audit_log, api_keys CASCADE;
ALTER TABLE documents DROP CONSTRAINT documents_current_version_id_fkey;
DROP TABLE document_versions, documents, collections;
