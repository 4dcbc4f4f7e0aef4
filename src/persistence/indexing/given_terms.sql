-- The terms $9 of a text in another language than English, each of the chunk with the ordinal $8 beside it.
SELECT k.id AS chunk_id, t.lexeme, count(*)::int AS tf
FROM unnest($8::bigint[], $9::text[]) AS t (ordinal, lexeme)
JOIN chunks k ON k.version_id = $1 AND k.ordinal = t.ordinal
WHERE k.ordinal > $6 AND k.ordinal <= $7 AND $2::text IS NOT NULL
GROUP BY k.id, t.lexeme
