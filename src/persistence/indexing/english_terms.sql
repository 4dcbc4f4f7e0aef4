-- A chunk has the words of the title, of the lines outside it that govern its beginning, and its own.
SELECT k.id AS chunk_id, l.lexeme, cardinality(l.positions) AS tf
FROM chunks k CROSS JOIN LATERAL (
    SELECT string_agg(line ->> 'text', ' ' ORDER BY nth) AS text
    FROM jsonb_array_elements(k.context) WITH ORDINALITY AS c (line, nth)
    WHERE (line ->> 'end')::int <= k.start_offset AND (line ->> 'until')::int > k.start_offset
        AND lower(line ->> 'text') <> lower($2)
) above, unnest(to_tsvector('english', concat_ws(' ', $2, above.text, k.text))) l
WHERE k.version_id = $1 AND k.ordinal > $6 AND k.ordinal <= $7
