-- The versions among $3 that may be quoted to the reader now. A version that was replaced meanwhile still
-- counts.
standing AS MATERIALIZED (
    SELECT v.id FROM document_versions v JOIN documents d ON d.id = v.document_id
    WHERE v.id = ANY($3) AND d.collection_id IN (SELECT id FROM readable)
        AND d.status = 'active' AND v.status IN ('indexed', 'superseded') AND {in_force}
)
