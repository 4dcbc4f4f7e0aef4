//! The OpenAI-compatible face: what its clients are told of an answer that is not whole.

use serde_json::{Value, json};

use super::system::{QUESTION, SENTENCES, system};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::until;

fn ask(system: &System, stream: bool) -> reqwest::RequestBuilder {
    let said = json!([{ "role": "user", "content": QUESTION }]);
    let body = json!({ "model": "chatbot", "messages": said, "stream": stream });
    system.post("/v1/chat/completions", &body)
}

/// Cancels the one turn that runs, once the provider has been called so often.
async fn cancel(system: &System, provider: &Provider, calls: usize) {
    until("the provider is called", async || {
        provider.requests().len() == calls
    })
    .await;
    let open = "SELECT id::text AS t FROM turns WHERE finished_at IS NULL";
    let turn = system.database().texts(open).await.remove(0);
    let cancel = system.post(&format!("/v1/turns/{turn}/cancel"), &json!({}));
    assert_eq!(cancel.send().await.unwrap().status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_answer_does_not_look_finished() {
    let dialect = Dialect::OpenAi;
    let half = Script::begin(dialect, &SENTENCES[..1]).silence();
    let provider = Provider::start([half.clone(), half]).await;
    let system = system(Setup::new().await, dialect, &provider.url, true).await;

    let streamed = async {
        ask(&system, true)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let (streamed, ()) = tokio::join!(streamed, cancel(&system, &provider, 1));
    assert!(!streamed.contains("[DONE]"), "{streamed}");
    assert!(!streamed.contains("\"stop\""), "{streamed}");
    let last = streamed
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("data: "));
    let last: Value = serde_json::from_str(last.unwrap()).unwrap();
    assert_eq!(last["error"]["type"], "server_error");

    let whole = async { ask(&system, false).send().await.unwrap() };
    let (whole, ()) = tokio::join!(whole, cancel(&system, &provider, 2));
    assert_eq!(whole.status(), 503);
    let body: Value = whole.json().await.unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("not a complete answer"), "{body}");
}
