-- Gives each row of turns `t` one row `r`: `sources_status`, NULL if nothing was cited; `intact`,
-- whether every passage of the turn may be shown; and `sources`, the passages that may be shown. It is
-- computed when the turn is read. So a withdrawal or a changed key has nothing to mark, and no answer
-- looks approved in the meantime.
CROSS JOIN LATERAL (
    SELECT CASE
            WHEN t.status IN ('completed', 'abstained', 'clarifying') AND bool_or((p.denied OR p.deleted)
                AND (p.cited OR t.done->>'grounded' = 'false')) THEN 'restricted'
            WHEN bool_or(p.cited) IS NOT TRUE THEN NULL
            WHEN bool_or(p.cited AND p.retired) THEN 'withdrawn'
            WHEN bool_or(p.cited AND p.replaced) THEN 'replaced'
            ELSE 'current' END AS sources_status,
        coalesce(bool_and(p.shown), true) AS intact,
        coalesce(jsonb_agg(p.source ORDER BY p.place)
            FILTER (WHERE p.shown AND p.source IS NOT NULL), '[]') AS sources
    FROM (
        SELECT f.*, (NOT (f.denied OR f.deleted OR (f.retired AND NOT f.cited)))
                IS TRUE AS shown
        FROM (
            SELECT s.source, s.place, c.source_id IS NOT NULL AS cited,
                d.readable IS NOT TRUE AS denied,
                d.erased OR d.status = 'deleted' AS deleted,
                d.status <> 'active' OR coalesce(d.expires_at <= now(), false)
                    OR d.version_status NOT IN ('indexed', 'superseded') AS retired,
                d.current_version_id IS DISTINCT FROM d.version_id AS replaced
            FROM jsonb_array_elements(t.sources) WITH ORDINALITY AS s (source, place)
            FULL JOIN (SELECT DISTINCT source_id, version_id FROM citations
                    WHERE turn_id = t.id) c
                ON c.source_id = (s.source->>'id')::int
            LEFT JOIN LATERAL (
                -- The bytes of a version are removed with its document, and a new upload does
                -- not restore them.
                SELECT v.id AS version_id, v.bytes IS NULL AS erased, d.status,
                    v.status AS version_status,
                    -- A scheduled version whose time has come answers.
                    CASE WHEN v.id IS DISTINCT FROM d.scheduled_version_id THEN d.expires_at
                        ELSE v.expires_at END AS expires_at,
                    CASE WHEN d.scheduled_at <= now() THEN d.scheduled_version_id
                        ELSE d.current_version_id END AS current_version_id,
                    d.collection_id IN (SELECT id FROM readable) AS readable
                FROM document_versions v JOIN documents d ON d.id = v.document_id
                WHERE v.id = coalesce(c.version_id, (s.source->>'version_id')::uuid)
                LIMIT 1
            ) d ON true
        ) f
    ) p
) r
