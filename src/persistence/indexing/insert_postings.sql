-- $1 version, $2 title, $3 collection, $4 k1, $5 b, chunks after $6 and up to $7. The counts stand for the
-- terms of each chunk: `english_terms.sql` or `given_terms.sql`.
-- The caller holds the lock of the lexical tables, so a missing term stays missing. This avoids
-- `ON CONFLICT`, which would use up an id for each known term, and ids are integers.
WITH tf AS MATERIALIZED (
    {counts}
), lengths AS (
    SELECT chunk_id, sum(tf)::int AS dl FROM tf GROUP BY chunk_id
), measured AS (
    UPDATE chunks SET lexical_length = dl FROM lengths WHERE chunks.id = chunk_id
), stats AS (
    UPDATE lexical_stats SET chunks = chunks + (SELECT count(*) FROM lengths),
        total_length = total_length + (SELECT coalesce(sum(dl), 0) FROM lengths)
    RETURNING greatest(total_length::float8 / greatest(chunks, 1), 1) AS avgdl
), counts AS MATERIALIZED (
    SELECT lexeme, count(*)::int AS n FROM tf GROUP BY lexeme
), known AS (
    UPDATE lexical_terms t SET df = t.df + n FROM counts WHERE t.lexeme = counts.lexeme
    RETURNING t.id, t.lexeme
), added AS (
    INSERT INTO lexical_terms (lexeme, df)
    SELECT lexeme, n FROM counts WHERE lexeme NOT IN (SELECT lexeme FROM known)
    RETURNING id, lexeme
), terms AS (
    SELECT id, lexeme FROM known UNION ALL SELECT id, lexeme FROM added
)
INSERT INTO lexical_postings (term_id, collection_id, chunk_id, impact)
SELECT terms.id, $3, tf.chunk_id,
    tf.tf * ($4 + 1) / (tf.tf + $4 * (1 - $5 + $5 * lengths.dl / stats.avgdl))
FROM tf JOIN terms USING (lexeme) JOIN lengths USING (chunk_id) CROSS JOIN stats
