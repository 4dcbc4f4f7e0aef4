//! A sentence that no passage supports reaches nobody, and is counted.

use serde_json::json;

use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};

/// A system whose provider gives this answer.
async fn saying(answer: &str) -> (Provider, System) {
    let script = Script::answer(Dialect::OpenAi, &[answer]);
    let provider = Provider::start([script]).await;
    let setup = Setup::new().await.asking(Dialect::OpenAi, &provider);
    let system = System::informed(setup).await;
    (provider, system)
}

async fn assert_counted(system: &System, lines: &[&str]) {
    let metrics = system.metrics().await;
    for line in lines {
        assert!(metrics.contains(line), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invention_is_replaced_by_what_the_passages_say() {
    let invented = "<think>Why not?</think>Bananas are yellow [1]. See https://evil.example.";
    let (_provider, system) = saying(invented).await;
    let mut turn = system.ask(QUESTION).turn().await;
    let done = turn.ends("completed").await;
    assert_eq!(done["rung"], "extractive", "{done}");
    assert_eq!(done["grounded"], true, "{done}");
    assert_eq!(done["answer"], turn.text.as_str());
    assert_eq!(done["removed"], json!({ "reasoning": 1, "unrelated": 2 }));
    let sentences = done["sentences"].as_array().unwrap();
    assert!(!sentences.is_empty(), "{done}");
    for sentence in sentences {
        assert_eq!(sentence["grounded"], true, "{sentence}");
    }
    assert!(turn.text.contains("2 pm to 8 pm"), "{}", turn.text);
    for word in ["Bananas", "evil", "Why not"] {
        assert!(!turn.text.contains(word), "{}", turn.text);
    }
    let counted = [
        "chatbot_answer_sentences_dropped_total{reason=\"unrelated\"} 2",
        "chatbot_answer_sentences_dropped_total{reason=\"reasoning\"} 1",
        "chatbot_answers_replaced_total{rung=\"extractive\"} 1",
    ];
    assert_counted(&system, &counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_knows_no_answer_gives_none() {
    let (_provider, system) = saying("NO ANSWER").await;
    let done = system.ask(QUESTION).ends("abstained").await;
    assert_eq!(done["grounded"], false, "{done}");
    let counted = "chatbot_answers_replaced_total{rung=\"abstain\"} 1";
    assert_counted(&system, &[counted]).await;
}
