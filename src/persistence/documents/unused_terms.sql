-- The caller holds the lock of the lexical tables.
DELETE FROM lexical_terms t WHERE t.df <= 0
    AND NOT EXISTS (SELECT FROM lexical_postings p WHERE p.term_id = t.id)
