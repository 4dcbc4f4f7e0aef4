//! The ledger of calls: what each one cost, how it ended, and how many a turn may make.

use std::time::Duration;

use serde_json::json;

use super::system::{QUESTION, SENTENCES, Turn, stored, system};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Role, Setup, System};
use crate::support::{until, until_within};

/// The calls so far: number, generation, provider, model, outcome, tokens read and written.
async fn calls(system: &System) -> Vec<String> {
    let query = "SELECT concat_ws(' ', attempt, generation, provider, model, outcome, input_tokens,
            output_tokens) AS t FROM turn_attempts ORDER BY started_at, attempt";
    system.database().texts(query).await
}

async fn until_calls(system: &System, expected: &[&str]) {
    until(&format!("{expected:#?}"), async || {
        calls(system).await == expected
    })
    .await;
}

/// One number of `/metrics`.
pub async fn metric(system: &System, series: &str) -> Option<u64> {
    let url = format!("{}/metrics", system.orchestrator.url);
    let text = system.http.get(url).send().await.unwrap();
    let text = text.text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with(series))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_stored_and_counted() {
    let dialect = Dialect::OpenAi;
    let scripts = [
        Script::refuse(503, &[]),
        Script::answer(dialect, &SENTENCES),
        Script::begin(dialect, &SENTENCES[..1]),
        Script::begin(dialect, &SENTENCES[..1]).silence(),
    ];
    let provider = Provider::start(scripts).await;
    let system = system(Setup::new().await, dialect, &provider.url, true).await;
    let messages = system.conversation().await;
    assert_eq!(system.ask(&messages, QUESTION).await["status"], "completed");
    let (name, _) = Turn::ask(&system, QUESTION).await.end().await;
    assert_eq!(name, "error");
    let mut cancelled = Turn::ask(&system, QUESTION).await;
    cancelled.until("2 pm to 8 pm").await;
    // The row of a call that is out is there, and open.
    assert_eq!(calls(&system).await.last().unwrap(), "1 1 openai a-model");
    let cancel = system.post(&format!("/v1/turns/{}/cancel", cancelled.id), &json!({}));
    assert_eq!(cancel.send().await.unwrap().status(), 202);
    cancelled.end().await;
    let expected = [
        "1 1 openai a-model overloaded",
        "2 1 openai a-model completed 11 7",
        "1 1 openai a-model truncated",
        "1 1 openai a-model cancelled",
    ];
    until_calls(&system, &expected).await;
    let timed = "SELECT count(*) AS n FROM turn_attempts
        WHERE duration_ms >= first_token_ms AND outcome <> 'overloaded'";
    assert_eq!(system.database().number(timed).await, 3);
    for (series, count) in [
        (
            r#"chatbot_llm_attempts_total{provider="openai",outcome="completed"}"#,
            1,
        ),
        (
            r#"chatbot_llm_attempts_total{provider="openai",outcome="overloaded"}"#,
            1,
        ),
        (
            r#"chatbot_llm_attempts_total{provider="openai",outcome="cancelled"}"#,
            1,
        ),
        (
            r#"chatbot_llm_tokens_total{provider="openai",direction="input"}"#,
            11,
        ),
        (
            r#"chatbot_llm_tokens_total{provider="openai",direction="output"}"#,
            7,
        ),
        (
            r#"chatbot_llm_breaker{provider="openai",state="closed"}"#,
            1,
        ),
        (r#"chatbot_llm_breaker{provider="openai",state="open"}"#, 0),
    ] {
        assert_eq!(metric(&system, series).await, Some(count), "{series}");
    }
}

/// Starts a second replica, in whose place the first one is returned.
async fn replaced(system: &mut System) -> Role {
    let rag = system.rag.url.clone();
    let second = system
        .setup
        .serve("orchestrator", &[("CHATBOT__ORCHESTRATOR__RAG_URL", &rag)]);
    let url = format!("{}/health/ready", second.url);
    until("the second replica is ready", async || {
        let ready = system.http.get(&url).send().await;
        ready.is_ok_and(|answer| answer.status().is_success())
    })
    .await;
    std::mem::replace(&mut system.orchestrator, second)
}

async fn until_status(system: &System, turn: &str, status: &str) {
    until_within(Duration::from_mins(1), status, async || {
        stored(system, turn).await["status"] == status
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_is_handed_over_has_the_calls_that_are_left() {
    let dialect = Dialect::OpenAi;
    let scripts = [
        Script::refuse(503, &[]),
        Script::begin(dialect, &SENTENCES[..1]).silence(),
        Script::answer(dialect, &SENTENCES),
    ];
    let provider = Provider::start(scripts).await;
    let setup = Setup::new()
        .await
        .with("CHATBOT__SERVER__DRAIN_SECONDS", "1");
    let mut system = system(setup, dialect, &provider.url, true).await;
    let mut turn = Turn::ask(&system, QUESTION).await;
    turn.until("2 pm to 8 pm").await;
    let mut first = replaced(&mut system).await;
    let ended = tokio::task::spawn_blocking(move || first.terminate(Duration::from_secs(30)));
    assert!(ended.await.unwrap().is_some());
    until_status(&system, &turn.id, "completed").await;
    let expected = [
        "1 1 openai a-model overloaded",
        "2 1 openai a-model handed_over",
        "3 2 openai a-model completed 11 7",
    ];
    until_calls(&system, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_replica_dies_fails_after_three_failed_calls_in_all() {
    let dialect = Dialect::OpenAi;
    let scripts = [
        Script::refuse(503, &[]),
        Script::refuse(503, &[]),
        Script::begin(dialect, &SENTENCES[..1]).silence(),
        Script::refuse(503, &[]),
    ];
    let provider = Provider::start(scripts).await;
    let mut system = system(Setup::new().await, dialect, &provider.url, true).await;
    let mut turn = Turn::ask(&system, QUESTION).await;
    turn.until("2 pm to 8 pm").await;
    // Dropping a role kills it.
    drop(replaced(&mut system).await);
    until_status(&system, &turn.id, "failed").await;
    assert_eq!(stored(&system, &turn.id).await["reason"], "exhausted");
    let expected = [
        "1 1 openai a-model overloaded",
        "2 1 openai a-model overloaded",
        "3 1 openai a-model interrupted",
        "4 2 openai a-model overloaded",
    ];
    until_calls(&system, &expected).await;
    assert_eq!(provider.requests().len(), 4);
}
