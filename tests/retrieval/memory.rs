//! The index in memory answers like the tables, and never shows more than they allow.

use std::sync::Arc;

use chatbot::domain::document::DocumentStatus;
use chatbot::persistence::retrieval::Hit;
use chatbot::persistence::{Database, documents};
use chatbot::rag::follower::Follower;

use super::corpus::{Corpus, legs, shown, text};
use crate::support::TestDatabase;
use crate::support::wire::Wire;

/// Hits of equal scores may be in any order, and a vector in memory is rounded.
fn assert_same(memory: &[Hit], tables: &[Hit], tolerance: f32) {
    assert_eq!(memory.len(), tables.len());
    for (mine, theirs) in memory.iter().zip(tables) {
        assert!(
            (mine.score - theirs.score).abs() <= tolerance,
            "{mine:?} {theirs:?}"
        );
        let same = tables.iter().find(|hit| hit.chunk_id == mine.chunk_id);
        // A chunk at the end of the list may have lost its place to one of the same score.
        let cut = tables.last().unwrap().score;
        assert!(
            same.map_or((mine.score - cut).abs() <= tolerance, |same| {
                (mine.score - same.score).abs() <= tolerance
            }),
            "{mine:?} {same:?}"
        );
    }
}

/// Several collections and versions; the index follows now and then.
async fn write_at_random(corpus: &Corpus<'_>, follower: &mut Follower) {
    assert!(follower.follow().await.unwrap());
    for number in 0..60 {
        let texts: Vec<String> = (0..=number % 7)
            .map(|chunk| text(number * 10 + chunk, 12 + number % 30))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let collection = ["one", "two", "few"][if number % 20 == 7 { 2 } else { number % 2 }];
        // Some replace the version before, some wait for approval.
        let name = format!("document {}", number % 50);
        corpus
            .put(collection, &name, &texts, number % 11 == 3)
            .await;
        if number % 13 == 0 {
            assert!(follower.follow().await.unwrap());
        }
    }
}

#[tokio::test]
async fn the_index_answers_like_the_tables() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    let (mut follower, index) = corpus.follower();
    write_at_random(&corpus, &mut follower).await;
    assert!(follower.follow().await.unwrap());
    let (memory, tables) = (corpus.retriever(Some(index)), corpus.retriever(None));
    let scope = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
    for scope in [
        None,
        scope(&["few"]),
        scope(&["one", "few"]),
        scope(&["none"]),
    ] {
        for number in 0..25 {
            let query = text(number + 9_000, number % 6 + 1);
            let mine = legs(&memory, &query, scope.as_deref()).await;
            let theirs = legs(&tables, &query, scope.as_deref()).await;
            assert_same(&mine.lexical, &theirs.lexical, 1e-4);
            assert_same(&mine.dense.unwrap(), &theirs.dense.unwrap(), 5e-3);
        }
    }
    // Words that PostgreSQL stems, stops or does not know.
    for query in [
        "the tablets",
        "of",
        "fevers, coughing & pains!",
        "xyzzy",
        "",
    ] {
        let mine = legs(&memory, query, None).await;
        assert_same(
            &mine.lexical,
            &legs(&tables, query, None).await.lexical,
            1e-4,
        );
    }
}

#[tokio::test]
async fn a_search_takes_two_statements() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    for number in 0..30 {
        let name = format!("document {number}");
        corpus.put("one", &name, &[&text(number, 20)], false).await;
    }
    let (mut follower, index) = corpus.follower();
    assert!(follower.follow().await.unwrap());
    let wire = Wire::before(&test.url).await;
    let retriever = corpus.retriever_on(wire.database(), Some(index));
    let names = ["one".to_owned()];
    retriever.retrieve("fever", Some(&names), 5).await.unwrap();
    wire.take();
    let found = retriever.retrieve("cough", Some(&names), 5).await.unwrap();
    assert_eq!(found.results.len(), 5);
    let said = wire.take();
    assert_eq!((said.round_trips, said.parsed.len()), (2, 0), "{said:?}");
}

/// Removes the chunks that may not be shown, and has the index look at every version again.
async fn clear(test: &TestDatabase, database: &Database) {
    while let Some(document) = documents::list_retired(database, 1).await.unwrap().pop() {
        while documents::remove_chunks(database, document).await.unwrap() {}
    }
    let touched = "INSERT INTO index_changes SELECT pg_current_xact_id()::text::bigint, id
                   FROM document_versions ON CONFLICT DO NOTHING";
    test.execute(touched).await;
}

#[tokio::test]
async fn what_may_not_be_shown_is_not_shown_whatever_the_index_holds() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    let names = [
        "withdrawn",
        "deleted",
        "stopped",
        "expired",
        "revoked",
        "replaced",
        "kept",
    ];
    for name in names {
        corpus.put("one", name, &["common words"], false).await;
    }
    let (mut follower, index) = corpus.follower();
    assert!(follower.follow().await.unwrap());
    let retriever = corpus.retriever(Some(Arc::clone(&index)));
    assert_eq!(shown(&retriever, "common").await.len(), names.len());
    let database = corpus.database;
    for (name, status) in [
        ("withdrawn", DocumentStatus::Withdrawn),
        ("deleted", DocumentStatus::Deleted),
    ] {
        let retired = documents::retire(database, "one", name, status, "actor").await;
        assert!(retired.unwrap().is_some());
    }
    corpus.quarantine("one", "stopped", 1).await;
    test.execute("UPDATE documents SET expires_at = now() WHERE external_id = 'expired'")
        .await;
    corpus.revoke("one", "revoked", 1).await;
    corpus.put("one", "replaced", &["other"], false).await;
    corpus.put("one", "draft", &["common draft"], true).await;
    // As if the log had lost what happened: the index answers, and knows nothing of all this.
    test.execute("DELETE FROM index_changes").await;
    let held = || index.search(chatbot::rag::index::Index::len).unwrap();
    assert_eq!(held(), names.len());
    assert_eq!(
        legs(&retriever, "common", None).await.lexical.len(),
        names.len()
    );
    assert_eq!(shown(&retriever, "common").await, [("kept".to_owned(), 1)]);
    clear(&test, database).await;
    assert!(follower.follow().await.unwrap());
    // The expired document is still the current one.
    assert_eq!(held(), 3);
}

#[tokio::test]
async fn above_its_bound_the_tables_answer() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    corpus.put("one", "first", &["bird"], false).await;
    let (mut none, index) = Follower::new(corpus.database.clone(), corpus.generation, 1);
    assert!(!none.follow().await.unwrap());
    assert!(index.position().is_none());
    assert_eq!(shown(&corpus.retriever(Some(index)), "bird").await.len(), 1);

    let (mut follower, index) = Follower::new(corpus.database.clone(), corpus.generation, 1_500);
    let retriever = corpus.retriever(Some(Arc::clone(&index)));
    assert!(follower.follow().await.unwrap());
    let many: Vec<String> = (0..15).map(|n| format!("bird {}", text(n, 6))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    corpus.put("one", "many", &many, false).await;
    assert!(!follower.follow().await.unwrap());
    assert!(index.position().is_none());
    assert_eq!(shown(&retriever, "bird").await.len(), 16);
    assert!(
        !follower.follow().await.unwrap(),
        "it is not tried again and again"
    );
    // Fewer chunks fit again.
    let status = DocumentStatus::Deleted;
    let retired = documents::retire(corpus.database, "one", "many", status, "actor").await;
    let document = retired.unwrap().unwrap();
    while documents::remove_chunks(corpus.database, document)
        .await
        .unwrap()
    {}
    assert!(follower.follow().await.unwrap());
    assert_eq!(shown(&retriever, "bird").await.len(), 1);
}
