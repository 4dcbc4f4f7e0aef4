//! One ranking out of legs, titles and forms of a question, wherever it is made.

use std::sync::Arc;

use chatbot::domain::document::DocumentStatus;
use chatbot::domain::evidence::{Correction, RetrieveResponse};
use chatbot::persistence::documents;
use chatbot::rag::retrieve::Retriever;

use super::corpus::{Corpus, text};
use crate::support::TestDatabase;

async fn ask(retriever: &Retriever, forms: &[&str], names: &[&str]) -> RetrieveResponse {
    let forms: Vec<String> = forms.iter().map(|form| (*form).to_owned()).collect();
    let scope: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let found = retriever.retrieve_forms(&forms, Some(&scope), 10).await;
    found.unwrap()
}

fn names(found: &RetrieveResponse) -> Vec<&str> {
    let results = found.results.iter();
    results.map(|result| result.external_id.as_str()).collect()
}

#[tokio::test]
async fn the_index_and_the_tables_rank_alike() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    for number in 0..40 {
        let texts: Vec<String> = (0..=number % 6)
            .map(|chunk| text(number * 10 + chunk, 12 + number % 30))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let name = text(number + 500, number % 4 + 1);
        let collection = ["one", "two"][number % 2];
        corpus
            .put(collection, &format!("{name} {number}"), &texts, false)
            .await;
    }
    let (mut follower, index) = corpus.follower();
    assert!(follower.follow().await.unwrap());
    let (memory, tables) = (corpus.retriever(Some(index)), corpus.retriever(None));
    for number in 0..25 {
        let (query, other) = (
            text(number + 9_000, number % 6 + 1),
            text(number + 7_000, 3),
        );
        let forms = [query.as_str(), other.as_str()];
        let forms = &forms[..=number % 2];
        let mine = ask(&memory, forms, &["one", "two"]).await;
        let theirs = ask(&tables, forms, &["one", "two"]).await;
        assert_eq!(mine.results.len(), theirs.results.len());
        for (mine, theirs) in mine.results.iter().zip(&theirs.results) {
            let apart = (mine.score - theirs.score).abs();
            assert!(apart < 0.02, "{query}: {mine:?} {theirs:?}");
        }
    }
}

#[tokio::test]
async fn a_document_that_any_form_finds_is_kept() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    corpus
        .put("one", "hands", &["clean hands often"], false)
        .await;
    corpus
        .put("one", "inhaler", &["rinse the inhaler weekly"], false)
        .await;
    for number in 0..20 {
        let name = format!("document {number}");
        corpus.put("one", &name, &[&text(number, 20)], false).await;
    }
    let retriever = corpus.retriever(None);
    let own = ask(&retriever, &["clean often"], &["one"]).await;
    assert_eq!(names(&own)[0], "hands");
    let both = ask(&retriever, &["clean often", "rinse inhaler"], &["one"]).await;
    let names = names(&both);
    assert!(names[..2].contains(&"hands") && names[..2].contains(&"inhaler"));
}

#[tokio::test]
async fn a_misspelt_word_is_found_in_the_readers_collections_only() {
    let test = TestDatabase::new().await;
    let corpus = Corpus::of(&test).await;
    corpus
        .put("mine", "pain", &["paracetamol tablets for pain"], false)
        .await;
    corpus
        .put(
            "other",
            "swelling",
            &["ibuprofen tablets for swelling"],
            false,
        )
        .await;
    let (mut follower, index) = corpus.follower();
    assert!(follower.follow().await.unwrap());
    let retriever = corpus.retriever(Some(Arc::clone(&index)));
    let found = ask(&retriever, &["Ibuprofin dose"], &["mine", "other"]).await;
    let correction = Correction {
        typed: "Ibuprofin".to_owned(),
        meant: "ibuprofen".to_owned(),
    };
    assert_eq!(found.corrections, [correction]);
    assert_eq!(names(&found)[0], "swelling");
    let found = ask(&retriever, &["Ibuprofin dose"], &["mine"]).await;
    assert!(found.corrections.is_empty(), "{found:?}");
    // The tables do not know how words are written.
    let tables = corpus.retriever(None);
    let found = ask(&tables, &["Ibuprofin dose"], &["mine", "other"]).await;
    assert!(found.corrections.is_empty(), "{found:?}");
    // The index still has the word of a document that may not be shown any more.
    let status = DocumentStatus::Withdrawn;
    let retired = documents::retire(corpus.database, "other", "swelling", status, "actor");
    assert!(retired.await.unwrap().is_some());
    test.execute("DELETE FROM index_changes").await;
    let found = ask(&retriever, &["Ibuprofin dose"], &["mine", "other"]).await;
    assert!(found.corrections.is_empty(), "{found:?}");
}
