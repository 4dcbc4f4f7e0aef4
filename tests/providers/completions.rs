//! The OpenAI-compatible face: what its clients are told of an answer that is not whole.

use serde_json::{Value, json};

use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::until;

fn ask(system: &System, stream: bool) -> reqwest::RequestBuilder {
    system.complete(&system.key, QUESTION, &json!({ "stream": stream }))
}

/// Cancels the one turn that runs, once the provider has been called.
async fn cancel(system: &System, provider: &Provider) {
    until("the provider is called", async || {
        provider.requests().len() == 1
    })
    .await;
    let open = "SELECT id::text AS t FROM turns WHERE finished_at IS NULL";
    let turn = system.database().texts(open).await.remove(0);
    system.cancel(&turn).await;
}

/// A system whose answers stop in their middle.
async fn interrupted() -> (Provider, System) {
    let dialect = Dialect::OpenAi;
    let half = Script::begin(dialect, &SENTENCES[..1]).silence();
    let provider = Provider::start([half]).await;
    let setup = Setup::new().await.asking(dialect, &provider);
    let system = System::informed(setup).await;
    (provider, system)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_stream_does_not_look_finished() {
    let (provider, system) = interrupted().await;
    let streamed = async {
        ask(&system, true)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let (streamed, ()) = tokio::join!(streamed, cancel(&system, &provider));
    assert!(!streamed.contains("[DONE]"), "{streamed}");
    assert!(!streamed.contains("\"stop\""), "{streamed}");
    let last = streamed
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("data: "));
    let last: Value = serde_json::from_str(last.unwrap()).unwrap();
    assert_eq!(last["error"]["type"], "server_error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_answer_is_an_error() {
    let (provider, system) = interrupted().await;
    let whole = async { ask(&system, false).send().await.unwrap() };
    let (whole, ()) = tokio::join!(whole, cancel(&system, &provider));
    assert_eq!(whole.status(), 503);
    let body: Value = whole.json().await.unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("not a complete answer"), "{body}");
}
