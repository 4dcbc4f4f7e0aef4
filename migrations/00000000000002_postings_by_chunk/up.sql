-- Postings of one chunk are written together and removed together: a block range index finds them
-- as well as a B-tree does, at almost no cost for each posting.
CREATE INDEX lexical_postings_chunk_ranges ON lexical_postings
    USING brin (chunk_id) WITH (pages_per_range = 8, autosummarize = on);
DROP INDEX lexical_postings_by_chunk;
