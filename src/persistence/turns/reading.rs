//! The parts of a stored turn that a person may read back now.
//!
//! Access is decided here and nowhere else, in the statements that load turns and messages, so that
//! no caller can forget it. An answer rests on the passages that it cites, because none of its
//! sentences is sent without one that supports it; one that cites nothing counts as resting on every
//! passage that was found.
//!
//! * A collection that the reader has lost, or a deleted document: an answer that rests on it is
//!   withheld as a whole; from the sources of other answers its passages go.
//! * Withdrawn or expired: what was said and quoted stays, under a warning, because a person must
//!   be able to see which advice was recalled. Passages that were not quoted go.

use crate::domain::chat::WITHHELD;

/// The collections that the reader may read now, as a common table `readable (id)`. The arguments are
/// the placeholders of the caller's collections (NULL for all) and of the caller's key (NULL for none).
pub(in crate::persistence) fn readable(collections: &str, key: &str) -> String {
    format!(
        "readable AS MATERIALIZED (
             SELECT c.id FROM collections c
             WHERE ({collections} IS NULL OR c.name = ANY({collections}))
               AND ({key} IS NULL OR EXISTS (SELECT FROM api_keys k
                   WHERE k.id = {key} AND k.revoked_at IS NULL
                     AND (k.expires_at IS NULL OR k.expires_at > now())
                     AND (k.collections IS NULL OR c.name = ANY(k.collections)))))"
    )
}

/// A lateral join that gives each row of turns `t` one row `r`: `sources_status`, NULL if nothing was
/// cited; `intact`, whether every passage of the turn may be shown; `sources`, those that may. It is
/// worked out when the turn is read: nothing has to be marked when a document is withdrawn or a key
/// changes, so no answer is shown as approved in the meantime.
pub(in crate::persistence) const READING: &str = "
    CROSS JOIN LATERAL (
        SELECT CASE
                WHEN t.status = 'completed' AND bool_or((p.denied OR p.deleted)
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
                    d.status <> 'active' OR coalesce(d.expires_at <= now(), false) AS retired,
                    d.current_version_id IS DISTINCT FROM d.version_id AS replaced
                FROM jsonb_array_elements(t.sources) WITH ORDINALITY AS s (source, place)
                FULL JOIN (SELECT DISTINCT source_id, version_id FROM citations
                        WHERE turn_id = t.id) c
                    ON c.source_id = (s.source->>'id')::int
                LEFT JOIN LATERAL (
                    -- The bytes of a version go when its document is deleted, and do not come back
                    -- with a new upload.
                    SELECT v.id AS version_id, v.bytes IS NULL AS erased, d.status, d.expires_at,
                        d.current_version_id, d.collection_id IN (SELECT id FROM readable) AS readable
                    FROM document_versions v JOIN documents d ON d.id = v.document_id
                    WHERE v.id = coalesce(c.version_id, (s.source->>'version_id')::uuid)
                    LIMIT 1
                ) d ON true
            ) f
        ) p
    ) r";

/// `otherwise`, an SQL expression, unless the answer is withheld from the reader.
pub(in crate::persistence) fn unless_withheld(otherwise: &str) -> String {
    format!("CASE WHEN r.sources_status = 'restricted' THEN '{WITHHELD}' ELSE {otherwise} END")
}

/// The columns of a [`StoredTurn`](super::StoredTurn), as far as the reader may see them.
pub(super) fn columns() -> String {
    format!(
        "t.id, t.question_id, t.status, t.generation, t.request_hash, t.triage, t.created_at,
         CASE WHEN r.sources_status = 'restricted' THEN t.done || jsonb_build_object(
                 'answer', '{WITHHELD}', 'citations', '[]'::jsonb, 'grounded', false,
                 'sources_status', 'restricted')
             ELSE t.done END AS done,
         CASE WHEN r.sources_status = 'restricted' THEN '[]' WHEN t.sources IS NOT NULL
             THEN r.sources END AS sources,
         r.sources_status, r.intact AND r.sources_status IS DISTINCT FROM 'restricted' AS intact"
    )
}
