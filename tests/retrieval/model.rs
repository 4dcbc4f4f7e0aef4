//! Another embedding model takes over from the one before.

use chatbot::persistence::indexing::{
    activate_if_complete, ensure_generation, insert_embeddings, list_unembedded,
};
use chatbot::persistence::retrieval::reach_collections;

use super::{CHUNKS, DIMENSION, filled};
use crate::support::system::System;
use crate::support::{TestDatabase, until};

#[tokio::test]
async fn a_generation_is_used_when_nothing_is_missing() {
    let test = TestDatabase::new().await;
    let database = &test.database;
    let old = filled(&test).await;
    let new = ensure_generation(database, "new", DIMENSION).await.unwrap();
    let is_embedded = async |generation| {
        let reached = reach_collections(database, generation, None, 1).await;
        reached.unwrap().embedded
    };
    assert!(is_embedded(old).await && !is_embedded(new).await);
    let (mut after, mut count) = (0, 0);
    loop {
        let chunks = list_unembedded(database, new, after, 500).await.unwrap();
        let Some(last) = chunks.last() else { break };
        after = last.id;
        assert!(!activate_if_complete(database, new).await.unwrap());
        assert!(!is_embedded(new).await);
        let vector = |id| (id, vec![0.25; DIMENSION]);
        let mut embeddings: Vec<_> = chunks.iter().map(|chunk| vector(chunk.id)).collect();
        count += embeddings.len();
        // A chunk that was removed meanwhile does not stand in the way.
        embeddings.push(vector(i64::MAX));
        insert_embeddings(database, new, &embeddings).await.unwrap();
    }
    assert_eq!(i64::try_from(count).unwrap(), CHUNKS);
    assert!(activate_if_complete(database, new).await.unwrap());
    // Replicas that are still configured for the old one go on with it.
    assert!(is_embedded(old).await && is_embedded(new).await);
    let states = "SELECT model || ' ' || status AS t FROM embedding_generations ORDER BY id";
    assert_eq!(test.texts(states).await, ["test retired", "new active"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_model_embedded_is_embedded_again() {
    let mut system = System::start().await;
    let text = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day.\n";
    system.document("visiting.md").text(text).indexed().await;
    let pretend = "UPDATE embedding_generations SET model = 'older'";
    system.database().execute(pretend).await;
    system.replace_rag().await;
    let switched = "SELECT count(*) AS n FROM embedding_generations
                    WHERE status = 'active' AND model <> 'older'";
    until("the new model is in use", async || {
        system.database().number(switched).await == 1
    })
    .await;
    let embedded =
        "SELECT count(*) AS n FROM chunks k JOIN chunk_embeddings e ON e.chunk_id = k.id";
    let chunks = "SELECT 2 * count(*) AS n FROM chunks";
    let database = system.database();
    assert_eq!(
        database.number(embedded).await,
        database.number(chunks).await
    );
    let found = system.search("When can I visit?").await;
    assert!(found["degraded"].is_null(), "{found}");
    assert!(
        found["results"][0]["scores"]["dense"].is_number(),
        "{found}"
    );
}
