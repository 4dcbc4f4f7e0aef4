//! The index in memory follows the tables, whatever the order and the time of the changes.

use std::sync::Arc;
use std::time::Duration;

use chatbot::persistence::index_changes;
use chatbot::persistence::indexing::{activate_if_complete, ensure_generation};
use chatbot::persistence::retrieval::prepare_search;
use tokio_util::sync::CancellationToken;

use super::corpus::{Corpus, DIMENSION, embed_some, legs, shown, text, until_loaded};
use crate::support::{TestDatabase, execute};

#[tokio::test]
async fn every_replica_finds_at_once_what_was_approved() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    let token = CancellationToken::new();
    let replicas = [corpus.replica(&token), corpus.replica(&token)];
    for (replica, _) in &replicas {
        until_loaded(replica).await;
    }
    for number in 0..12 {
        let name = format!("document {number}");
        let word = format!("herb{number}");
        corpus.put("one", &name, &[&word], true).await;
        for (replica, _) in &replicas {
            assert!(!shown(replica, &word).await.contains(&(name.clone(), 1)));
        }
        corpus.approve("one", &name, 1).await;
        for (replica, _) in &replicas {
            assert_eq!(shown(replica, &word).await[0], (name.clone(), 1));
        }
        // The next version answers instead, without approval.
        corpus
            .put("one", &name, &[&format!("{word} again")], false)
            .await;
        for (replica, _) in &replicas {
            let found = shown(replica, &word).await;
            assert_eq!(found[0], (name.clone(), 2));
            assert!(!found.contains(&(name.clone(), 1)));
        }
    }
    token.cancel();
    for (name, (replica, mut running)) in ["last", "very last"].into_iter().zip(replicas) {
        running.join_next().await.unwrap().unwrap();
        // Nobody follows any more, so the tables answer.
        corpus.put("one", name, &["orphaned"], false).await;
        let found = shown(&replica, "orphaned").await;
        assert!(found.contains(&(name.to_owned(), 1)));
    }
}

#[tokio::test]
async fn transactions_that_commit_out_of_order_are_found() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    let early = corpus.put("one", "early", &["early bird"], true).await;
    let (mut follower, index) = corpus.follower();
    assert!(follower.follow().await.unwrap());
    let retriever = corpus.retriever(Some(Arc::clone(&index)));
    let mut slow = test.connection().await;
    execute(&mut slow, "BEGIN").await;
    for (table, condition) in [
        ("chunks", format!("version_id = '{early}'")),
        ("chunk_embeddings", "collection_id < 0".to_owned()),
        ("lexical_postings", "collection_id < 0".to_owned()),
    ] {
        let place = format!("UPDATE {table} SET collection_id = -collection_id WHERE {condition}");
        execute(&mut slow, &place).await;
    }
    // A later transaction commits first, and the follower sees it.
    corpus.put("one", "late", &["late bird"], false).await;
    let behind = async || {
        let position = index.position().unwrap();
        let prepared = prepare_search(corpus.database, ("bird", &[]), None, &position).await;
        prepared.unwrap().behind
    };
    assert!(behind().await);
    assert!(follower.follow().await.unwrap());
    assert!(!behind().await, "what was applied counts once");
    assert_eq!(legs(&retriever, "bird", None).await.lexical.len(), 1);
    execute(&mut slow, "COMMIT").await;
    assert!(behind().await);
    assert!(follower.follow().await.unwrap());
    assert!(!behind().await);
    assert_eq!(legs(&retriever, "bird", None).await.lexical.len(), 2);
    // A server that took the place of this one may have lost some of them.
    let mut position = index.position().unwrap();
    position.server += 1;
    let prepared = prepare_search(corpus.database, ("bird", &[]), None, &position).await;
    assert!(prepared.unwrap().behind);
}

#[tokio::test]
async fn a_follower_that_was_away_loads_everything_again() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    corpus.put("one", "first", &["bird"], false).await;
    let (follower, index) = corpus.follower();
    let mut follower = follower.away_after(Duration::ZERO);
    assert!(!follower.follow().await.unwrap(), "the second look is late");
    let mut follower = follower.away_after(Duration::from_mins(1));
    assert!(follower.follow().await.unwrap());
    corpus.put("one", "second", &["bird"], false).await;
    test.execute("UPDATE index_changes SET changed_at = now() - interval '2 hours'")
        .await;
    assert!(index_changes::prune_changes(corpus.database).await.unwrap() > 0);
    assert!(follower.follow().await.unwrap());
    let held = || index.search(chatbot::rag::index::Index::len).unwrap();
    assert_eq!(held(), 1, "the log no longer says so");
    let mut follower = follower.away_after(Duration::ZERO);
    let _ = follower.follow().await.unwrap();
    assert_eq!(held(), 2);
}

#[tokio::test]
async fn a_new_generation_is_loaded_when_it_is_complete() {
    let test = TestDatabase::new().await;
    let mut corpus = Corpus::of(&test).await;
    for number in 0..20 {
        let name = format!("document {number}");
        corpus.put("one", &name, &[&text(number, 9)], false).await;
    }
    let old = corpus.generation;
    let database = corpus.database;
    corpus.generation = ensure_generation(database, "new", DIMENSION).await.unwrap();
    let token = CancellationToken::new();
    let (retriever, mut running) = corpus.replica(&token);
    let degraded = async || {
        let found = retriever.retrieve("fever", None, 5).await.unwrap();
        assert_eq!(found.results.len(), 5);
        found.degraded.is_some()
    };
    let mut after = 0;
    while let Some(last) = embed_some(&corpus, after, 3).await {
        after = last;
        assert!(degraded().await);
        assert!(retriever.index.as_ref().unwrap().position().is_none());
    }
    let new = corpus.generation;
    assert!(activate_if_complete(database, new).await.unwrap());
    assert!(!degraded().await, "the tables answer at once");
    until_loaded(&retriever).await;
    assert!(!degraded().await);
    // A replica of the release before indexes without the new vectors; they come later.
    corpus.generation = old;
    corpus.put("one", "other", &["zebra"], false).await;
    let dense = async || legs(&retriever, "zebra", None).await.dense.unwrap().len();
    let lexical = async || legs(&retriever, "zebra", None).await.lexical.len();
    assert_eq!((dense().await, lexical().await), (20, 1));
    corpus.generation = new;
    embed_some(&corpus, 0, 9).await;
    assert_eq!((dense().await, lexical().await), (21, 1));
    token.cancel();
    running.join_next().await.unwrap().unwrap();
}
