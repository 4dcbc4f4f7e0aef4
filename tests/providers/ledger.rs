//! The ledger of calls: what each one cost, how it ended, and how many a turn may make.

use std::time::Duration;

use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
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

/// A system that asks a provider with these scripts.
async fn asking(setup: Setup, scripts: Vec<Script>) -> (Provider, System) {
    let provider = Provider::start(scripts).await;
    let system = System::informed(setup.asking(Dialect::OpenAi, &provider)).await;
    (provider, system)
}

/// An answer after a refusal, one that breaks off, and one that is cancelled.
async fn asked_four_times() -> System {
    let begun = || Script::begin(Dialect::OpenAi, &SENTENCES[..1]);
    let scripts = vec![
        Script::refuse(503, &[]),
        Script::answer(Dialect::OpenAi, &SENTENCES),
        begun(),
        begun().silence(),
    ];
    let (_provider, system) = asking(Setup::new().await, scripts).await;
    system.ask(QUESTION).ends("completed").await;
    system.ask(QUESTION).turn().await.fails("truncated").await;
    let mut cancelled = system.ask(QUESTION).turn().await;
    cancelled.until("2 pm to 8 pm").await;
    // The row of a call that is out is there, and open.
    assert_eq!(calls(&system).await.last().unwrap(), "1 1 openai a-model");
    system.cancel(&cancelled.id).await;
    cancelled.end().await;
    let expected = [
        "1 1 openai a-model overloaded",
        "2 1 openai a-model completed 11 7",
        "1 1 openai a-model truncated",
        "1 1 openai a-model cancelled",
    ];
    until_calls(&system, &expected).await;
    system
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_stored_with_its_times() {
    let system = asked_four_times().await;
    let timed = "turn_attempts WHERE duration_ms >= first_token_ms AND outcome <> 'overloaded'";
    assert_eq!(system.database().count(timed).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_counted() {
    let system = asked_four_times().await;
    let metrics = system.metrics().await;
    let counted = metrics.lines().filter(|line| {
        [
            "chatbot_llm_attempts_total",
            "chatbot_llm_tokens_total",
            "chatbot_llm_breaker{",
        ]
        .iter()
        .any(|series| line.starts_with(series))
    });
    let mut counted: Vec<&str> = counted.collect();
    counted.sort_unstable();
    insta::assert_snapshot!(counted.join("\n"), @r#"
    chatbot_llm_attempts_total{provider="openai",outcome="cancelled"} 1
    chatbot_llm_attempts_total{provider="openai",outcome="completed"} 1
    chatbot_llm_attempts_total{provider="openai",outcome="overloaded"} 1
    chatbot_llm_attempts_total{provider="openai",outcome="truncated"} 1
    chatbot_llm_breaker{provider="openai",state="closed"} 1
    chatbot_llm_breaker{provider="openai",state="half_open"} 0
    chatbot_llm_breaker{provider="openai",state="open"} 0
    chatbot_llm_tokens_total{provider="openai",direction="input"} 11
    chatbot_llm_tokens_total{provider="openai",direction="output"} 7
    "#);
}

/// The replica that runs the turn stops, and another one is there.
async fn hand_over(system: &mut System) {
    let mut first = system.replace_orchestrator().await;
    let ended = tokio::task::spawn_blocking(move || first.terminate(Duration::from_secs(30)));
    assert!(ended.await.unwrap().is_some());
}

async fn until_status(system: &System, turn: &str, status: &str) {
    until_within(Duration::from_mins(1), status, async || {
        system.turn(turn).await["status"] == status
    })
    .await;
}

/// A turn that was handed over in the middle of its second call, and has ended.
async fn handed_over() -> (System, String) {
    let scripts = vec![
        Script::refuse(503, &[]),
        Script::begin(Dialect::OpenAi, &SENTENCES[..1]).silence(),
        Script::answer(Dialect::OpenAi, &SENTENCES[..1]),
    ];
    let setup = Setup::new()
        .await
        .with("CHATBOT__SERVER__DRAIN_SECONDS", "1");
    let (_provider, mut system) = asking(setup, scripts).await;
    let mut turn = system.ask(QUESTION).turn().await;
    turn.until_event("citation").await;
    hand_over(&mut system).await;
    until_status(&system, &turn.id, "completed").await;
    (system, turn.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_is_handed_over_has_the_calls_that_are_left() {
    let (system, _) = handed_over().await;
    let expected = [
        "1 1 openai a-model overloaded",
        "2 1 openai a-model handed_over",
        "3 2 openai a-model completed 11 7",
    ];
    until_calls(&system, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_is_handed_over_begins_again_in_sight() {
    let (system, turn) = handed_over().await;
    insta::assert_snapshot!(system.events(&turn, None).await, @r#"
    id: [id 1]:0
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:1
    event: triage
    data: {"category":null,"level":"none","text":null}

    id: [id 1]:20004
    event: restart
    data: {"reason":"takeover"}

    id: [id 1]:20005
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:20006
    event: triage
    data: {"category":null,"level":"none","text":null}

    id: [id 1]:20007
    event: sources
    data: [{"document_id":"[id 3]","end":125,"external_id":"visiting.md","id":1,"page":null,"score":"[score]","start":0,"text":"Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. Children may visit with an adult. Please do not visit with a fever.","title":"visiting.md","version":1,"version_id":"[id 4]"}]

    id: [id 1]:20008
    event: delta
    data: {"grounded":true,"text":"Visiting hours are from 2 pm to 8 pm every day [1]."}

    id: [id 1]:20009
    event: citation
    data: {"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":57,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":10,"version_id":"[id 4]"}

    id: [id 1]:20010
    event: done
    data: {"answer":"Visiting hours are from 2 pm to 8 pm every day [1].","citations":[{"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":57,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":10,"version_id":"[id 4]"}],"grounded":true,"language":"en","message_id":"[id 5]","model":"a-model","provider":"openai","reason":null,"rung":"llm","sentences":[{"end":51,"grounded":true,"start":0}],"status":"completed","timings":{"first_token_ms":"[measured]","retrieval_ms":"[measured]","total_ms":"[measured]"},"turn_id":"[id 1]","understanding":{"kind":"question","language":"en"},"usage":{"input_tokens":11,"output_tokens":7}}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_replica_dies_fails_after_three_failed_calls_in_all() {
    let dialect = Dialect::OpenAi;
    let scripts = vec![
        Script::refuse(503, &[]),
        Script::refuse(503, &[]),
        Script::begin(dialect, &SENTENCES[..1]).silence(),
        Script::refuse(503, &[]),
    ];
    let (provider, mut system) = asking(Setup::new().await, scripts).await;
    let mut turn = system.ask(QUESTION).turn().await;
    turn.until("2 pm to 8 pm").await;
    // Dropping a role kills it.
    drop(system.replace_orchestrator().await);
    until_status(&system, &turn.id, "failed").await;
    assert_eq!(system.turn(&turn.id).await["reason"], "exhausted");
    let expected = [
        "1 1 openai a-model overloaded",
        "2 1 openai a-model overloaded",
        "3 1 openai a-model interrupted",
        "4 2 openai a-model overloaded",
    ];
    until_calls(&system, &expected).await;
    assert_eq!(provider.requests().len(), 4);
}
