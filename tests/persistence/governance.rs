//! The migration that brings governance, both ways, with documents in the database.

use diesel_async::SimpleAsyncConnection;

use crate::support::TestDatabase;

const UP: &str = include_str!("../../migrations/00000000000007_governance/up.sql");
const DOWN: &str = include_str!("../../migrations/00000000000007_governance/down.sql");

/// A document that answers since two versions, and a draft with its chunk.
const DOCUMENTS: &str = "
    INSERT INTO collections (name) VALUES ('patients');
    INSERT INTO documents (id, collection_id, external_id, status, latest_version, expires_at)
    SELECT n::text::uuid, id, n, 'active', 2, '2090-01-01' FROM collections,
        unnest(ARRAY['00000000-0000-0000-0000-000000000001',
            '00000000-0000-0000-0000-000000000002']) n;
    INSERT INTO document_versions (id, document_id, version, title, media_type, sha256, size_bytes,
        bytes, text, status, indexed_at)
    SELECT gen_random_uuid(), d.id, v, 'Title', 'text/plain', '', 1, 'x', 'x', CASE
        WHEN d.id::text LIKE '%2' THEN 'draft' WHEN v = 1 THEN 'superseded' ELSE 'indexed' END, now()
    FROM documents d, generate_series(1, 2) v WHERE v = 2 OR d.id::text LIKE '%1';
    UPDATE documents d SET current_version_id = v.id FROM document_versions v
    WHERE v.document_id = d.id AND v.status = 'indexed';
    INSERT INTO chunks (document_id, version_id, collection_id, ordinal, start_offset, end_offset,
        text, lexical_length)
    SELECT v.document_id, v.id, CASE v.status WHEN 'draft' THEN -1 ELSE 1 END, 1, 0, 1, 'x', 5
    FROM document_versions v WHERE v.status IN ('draft', 'indexed');
    INSERT INTO lexical_terms (lexeme, df) VALUES ('x', 2);
    INSERT INTO lexical_postings (term_id, collection_id, chunk_id, impact)
    SELECT t.id, k.collection_id, k.id, 1 FROM lexical_terms t, chunks k;
    UPDATE lexical_stats SET chunks = 2, total_length = 10";

#[tokio::test]
async fn nothing_that_waits_answers_after_a_rollback_and_what_answered_stays_approved() {
    let test = TestDatabase::new().await;
    let mut connection = test.connection().await;
    for step in [DOCUMENTS, DOWN] {
        connection.batch_execute(step).await.unwrap();
    }
    for (rows, expected) in [
        (
            "document_versions WHERE status = 'failed' AND reason LIKE '%Upload it again.'",
            1,
        ),
        (
            "document_versions WHERE status IN ('indexed', 'superseded')",
            2,
        ),
        ("chunks WHERE collection_id = 1", 1),
        ("chunks", 1),
        ("lexical_postings", 1),
        ("lexical_terms WHERE df = 1", 1),
        ("lexical_stats WHERE chunks = 1 AND total_length = 5", 1),
    ] {
        assert_eq!(test.count(rows).await, expected, "{rows}");
    }
    connection.batch_execute(UP).await.unwrap();
    for (rows, expected) in [
        (
            "document_versions WHERE approved_at IS NOT NULL AND approved_by IS NULL",
            2,
        ),
        (
            "document_versions v JOIN documents d ON d.current_version_id = v.id
            WHERE v.expires_at = d.expires_at",
            1,
        ),
        (
            "document_versions WHERE status = 'superseded' AND expires_at IS NULL",
            1,
        ),
        ("document_versions WHERE status = 'draft'", 0),
    ] {
        assert_eq!(test.count(rows).await, expected, "{rows}");
    }
}
