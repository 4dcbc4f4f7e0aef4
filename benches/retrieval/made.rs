//! Made-up chunks, written by the database itself.

use chatbot::persistence::indexing::Generation;

use crate::DIMENSION;
use crate::support::TestDatabase;

/// Ten chunks a document, and every hundredth document in the collection `few`; vectors around 400
/// centres.
pub async fn fill(test: &TestDatabase, generation: Generation, size: i64) {
    let generation = generation.id;
    for statement in [
        "INSERT INTO collections (name) VALUES ('most'), ('few')".to_owned(),
        format!(
            "INSERT INTO documents (id, collection_id, external_id, status, latest_version)
             SELECT md5('d' || n)::uuid, CASE WHEN n % 100 = 7 THEN 2 ELSE 1 END, n, 'active', 1
             FROM generate_series(1, {size} / 10) n"
        ),
        "INSERT INTO document_versions
             (id, document_id, version, title, media_type, sha256, size_bytes, status)
         SELECT md5('v' || external_id)::uuid, id, 1, 'title', 'text/plain', '', 0, 'indexed'
         FROM documents"
            .to_owned(),
        "UPDATE documents SET current_version_id = md5('v' || external_id)::uuid".to_owned(),
        "INSERT INTO chunks (document_id, version_id, collection_id, ordinal, start_offset,
             end_offset, text)
         SELECT d.id, d.current_version_id, d.collection_id, o, 0, 900, repeat('some words ', 82)
         FROM documents d, generate_series(1, 10) o ORDER BY d.external_id::int, o"
            .to_owned(),
        format!(
            "WITH centres AS MATERIALIZED (
                 SELECT n, array_agg(random() - 0.5) AS centre
                 FROM generate_series(0, 399) n, generate_series(1, {DIMENSION}) GROUP BY n
             )
             INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
             SELECT {generation}, k.id, k.collection_id,
                 (SELECT array_agg(x + random() - 0.5) FROM unnest(c.centre) x WHERE k.id > 0)
                     ::real[]::vector::halfvec
             FROM chunks k JOIN centres c ON c.n = k.id * 7919 % 400 ORDER BY k.id"
        ),
        "DELETE FROM index_changes".to_owned(),
    ] {
        test.execute(&statement).await;
    }
    fill_postings(test, size).await;
    for table in [
        "chunks",
        "chunk_embeddings",
        "lexical_postings",
        "lexical_terms",
        "documents",
    ] {
        test.execute(&format!("VACUUM ANALYZE {table}")).await;
    }
}

/// Fifty words a chunk from 20,000, the frequent ones in a sixth of all chunks.
async fn fill_postings(test: &TestDatabase, size: i64) {
    for statement in [
        "INSERT INTO lexical_terms (lexeme) SELECT 'w' || n FROM generate_series(1, 20000) n"
            .to_owned(),
        "INSERT INTO lexical_postings (term_id, collection_id, chunk_id, impact)
         SELECT t.id, k.collection_id, k.id, 0.3 + 1.4 * random()
         FROM chunks k, LATERAL (
             SELECT DISTINCT floor(50 * power(400, random()))::int AS id
             FROM generate_series(1, 50) WHERE k.id > 0
         ) t"
            .to_owned(),
        "UPDATE lexical_terms SET df = n
         FROM (SELECT term_id, count(*) AS n FROM lexical_postings GROUP BY 1) c WHERE id = term_id"
            .to_owned(),
        format!("UPDATE lexical_stats SET chunks = {size}, total_length = {size} * 50"),
    ] {
        test.execute(&statement).await;
    }
}
