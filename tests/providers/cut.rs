//! An answer that is cut fails in sight and is not kept.

use serde_json::{Value, json};

use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};

const DIALECT: Dialect = Dialect::OpenAi;

/// Two sentences of an answer.
fn started() -> Script {
    Script::begin(DIALECT, &SENTENCES[..2])
}

/// After the first sentences the provider does this, and the turn fails for this reason.
async fn assert_fails(script: Script, reason: &str) {
    let provider = Provider::start([script]).await;
    let setup = Setup::new()
        .await
        .asking_first(DIALECT, &provider)
        .with("CHATBOT__LLM__DEADLINES__IDLE_MS", "1500");
    let system = System::informed(setup).await;
    let mut turn = system.ask(QUESTION).turn().await;
    turn.until("2 pm to 8 pm").await;
    provider.release();
    let problem = turn.fails(reason).await;
    assert_eq!(problem["turn_id"], turn.id.as_str());
    let stored = system.turn(&turn.id).await;
    let kept = ["status", "reason", "answer", "message_id", "provider"].map(|name| &stored[name]);
    let expected = [
        json!("failed"),
        json!(reason),
        json!(""),
        Value::Null,
        json!("openai"),
    ];
    assert_eq!(kept, expected.each_ref());
    assert_eq!((system.answers().await, system.open_turns().await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_an_early_end() {
    assert_fails(started(), "truncated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_broken_connection() {
    assert_fails(started().wait().reset(), "transport").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_an_error_of_the_provider() {
    assert_fails(started().send(DIALECT.error()), "rate_limited").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_nonsense() {
    assert_fails(started().send("data: {oops\n\n"), "malformed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_silence() {
    assert_fails(started().silence(), "idle_timeout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_its_length() {
    assert_fails(started().send(DIALECT.ending("length")), "length").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_filter() {
    let filtered = started().send(DIALECT.ending("content_filter"));
    assert_fails(filtered, "refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_an_unknown_reason() {
    assert_fails(started().send(DIALECT.ending("eos")), "stopped").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_its_stream_ends_with_a_problem() {
    let provider = Provider::start([Script::begin(DIALECT, &SENTENCES[..1])]).await;
    let setup = Setup::new().await.asking(DIALECT, &provider);
    let system = System::informed(setup).await;
    let answer = system.ask(QUESTION).transcript().await;
    insta::assert_snapshot!(answer, @r#"
    id: [id 1]:0
    event: turn
    data: {"message_id":"[id 2]","status":"accepted","turn_id":"[id 1]"}

    id: [id 1]:1
    event: triage
    data: {"category":null,"level":"none","text":null}

    id: [id 1]:2
    event: sources
    data: [{"document_id":"[id 3]","end":125,"external_id":"visiting.md","id":1,"page":null,"score":"[score]","start":0,"text":"Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. Children may visit with an adult. Please do not visit with a fever.","title":"visiting.md","version":1,"version_id":"[id 4]"}]

    id: [id 1]:3
    event: delta
    data: {"grounded":true,"text":"Visiting hours are from 2 pm to 8 pm every day [1]."}

    id: [id 1]:4
    event: citation
    data: {"answer_end":51,"answer_start":0,"document_id":"[id 3]","end":57,"quote":"Visiting hours are from 2 pm to 8 pm every day.","source_id":1,"start":10,"version_id":"[id 4]"}

    id: [id 1]:5
    event: error
    data: {"contacts":[{"kind":"emergency","label":"your local emergency number"}],"detail":"The answer could not be completed. What was shown is not a complete answer. In an emergency, call your local emergency number now.","reason":"truncated","request_id":"[id 5]","status":503,"title":"Temporarily unavailable","turn_id":"[id 1]","type":"urn:chatbot:problem:unavailable"}
    "#);
}
