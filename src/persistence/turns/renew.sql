-- Renews the lease of $3 on its turns $1 of generations $2 for $4 seconds; returns those that it has
-- lost. A turn whose row is locked right now keeps its lease and is renewed next time, so that one
-- stuck statement does not cost the others theirs.
WITH held AS (
    SELECT * FROM unnest($1, $2) AS h (id, generation)
), free AS (
    SELECT t.id FROM turns t JOIN held USING (id, generation)
    WHERE t.finished_at IS NULL AND t.lease_owner = $3
    FOR UPDATE OF t SKIP LOCKED
), renewed AS (
    UPDATE turns t SET lease_expires_at = now() + make_interval(secs => $4)
    FROM free WHERE t.id = free.id
)
SELECT h.id FROM held h
WHERE NOT EXISTS (SELECT FROM turns t WHERE t.id = h.id AND t.generation = h.generation
    AND t.finished_at IS NULL AND t.lease_owner = $3)
