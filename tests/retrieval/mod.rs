//! The dense leg on stored vectors: exact for small scopes, by the index for large ones.

mod corpus;
mod following;
mod memory;
mod model;
mod ranking;

use chatbot::persistence::indexing::{Generation, ensure_generation, ensure_hnsw};
use chatbot::persistence::retrieval::search_dense;

use crate::support::TestDatabase;

const DIMENSION: usize = 16;
const CHUNKS: i64 = 4_000;
const K: i64 = 10;

/// Chunks with pseudo-random vectors; every hundredth is in the collection 2, the others in 1.
async fn filled(test: &TestDatabase) -> Generation {
    let generation = ensure_generation(&test.database, "test", DIMENSION)
        .await
        .unwrap();
    for statement in [
        "INSERT INTO collections (name) VALUES ('most'), ('few')".to_owned(),
        "INSERT INTO documents (id, collection_id, external_id, status, latest_version)
             SELECT gen_random_uuid(), n, 'd', 'active', 1 FROM generate_series(1, 2) n"
            .to_owned(),
        "INSERT INTO document_versions
                 (id, document_id, version, title, media_type, sha256, size_bytes, status)
             SELECT gen_random_uuid(), id, 1, 't', 'text/plain', '', 0, 'indexed' FROM documents"
            .to_owned(),
        format!(
            "INSERT INTO chunks (document_id, version_id, collection_id, ordinal, start_offset,
                 end_offset, text)
             SELECT d.id, v.id, d.collection_id, n, 0, 1, 't' FROM generate_series(1, {CHUNKS}) n
             JOIN documents d ON d.collection_id = CASE WHEN n % 100 = 0 THEN 2 ELSE 1 END
             JOIN document_versions v ON v.document_id = d.id"
        ),
        format!(
            "INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
             SELECT {}, id, collection_id,
                 (SELECT array_agg(random() - 0.5) FROM generate_series(1, {DIMENSION}) WHERE id > 0)
                     ::real[]::vector::halfvec
             FROM chunks",
            generation.id
        ),
        format!("UPDATE lexical_stats SET chunks = {CHUNKS}"),
    ] {
        test.execute(&statement).await;
    }
    generation
}

/// The share of the exact neighbours that the index finds, over some queries.
async fn recall(test: &TestDatabase, generation: Generation, collections: &[i32]) -> f64 {
    let (mut found, mut all) = (0, 0);
    for number in 0..20_u8 {
        let query: Vec<f32> = (0..DIMENSION)
            .map(|at| (f32::from(number) * 7.3 + f32::from(u8::try_from(at).unwrap()) * 1.7).sin())
            .collect();
        let search = |exact| {
            let query = query.clone();
            async move {
                search_dense(&test.database, generation, &query, collections, exact, K)
                    .await
                    .unwrap()
            }
        };
        let (exact, indexed) = (search(true).await, search(false).await);
        assert_eq!(indexed.len(), exact.len(), "the filter cost results");
        all += exact.len();
        found += exact
            .iter()
            .filter(|best| indexed.iter().any(|hit| hit.chunk_id == best.chunk_id))
            .count();
    }
    f64::from(u32::try_from(found).unwrap()) / f64::from(u32::try_from(all).unwrap())
}

#[tokio::test]
async fn the_vector_index_is_built_when_it_pays_and_filters_keep_their_results() {
    let test = TestDatabase::new().await;
    let generation = filled(&test).await;
    let ensure = |most| ensure_hnsw(&test.database, generation, most);
    assert!(!ensure(CHUNKS).await.unwrap(), "an exact scan is enough");
    assert!(ensure(CHUNKS - 1).await.unwrap());
    assert!(!ensure(CHUNKS - 1).await.unwrap(), "it is there");
    assert!(recall(&test, generation, &[1, 2]).await >= 0.95);
    // One chunk in a hundred: the index alone would find a tenth of them.
    assert!(recall(&test, generation, &[2]).await >= 0.99);
}

#[tokio::test]
async fn an_index_that_was_not_finished_is_built_anew() {
    let test = TestDatabase::new().await;
    let generation = filled(&test).await;
    assert!(ensure_hnsw(&test.database, generation, 0).await.unwrap());
    // As a build leaves it that was interrupted.
    test.execute(
        "UPDATE pg_index SET indisvalid = false FROM pg_class c
         WHERE c.oid = indexrelid AND c.relname LIKE 'chunk_embeddings_hnsw%'
           AND indrelid = 'chunk_embeddings'::regclass",
    )
    .await;
    assert!(ensure_hnsw(&test.database, generation, 0).await.unwrap());
    assert!(recall(&test, generation, &[1, 2]).await >= 0.95);
}
