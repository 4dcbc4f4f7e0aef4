SELECT (SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'chunk_embeddings'::regclass AND c.relname = $1) AS valid,
    chunks FROM lexical_stats
