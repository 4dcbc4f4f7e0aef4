-- The collections that the reader may read now. $1 are the caller's collections, NULL for all; $2 is
-- the caller's key, NULL for none.
readable AS MATERIALIZED (
    SELECT c.id FROM collections c
    WHERE ($1 IS NULL OR c.name = ANY($1))
        AND ($2 IS NULL OR EXISTS (SELECT FROM api_keys k
            WHERE k.id = $2 AND k.revoked_at IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > now())
                AND (k.collections IS NULL OR c.name = ANY(k.collections))))
)
