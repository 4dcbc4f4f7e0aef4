CREATE INDEX lexical_postings_by_chunk ON lexical_postings (chunk_id) INCLUDE (term_id);
DROP INDEX lexical_postings_chunk_ranges;
