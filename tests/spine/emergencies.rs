//! A message that describes an emergency: answered, or refused with what to do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::leaflet::QUESTION;
use crate::support::proxy::{Fault, behind};
use crate::support::system::{Setup, System};
use crate::support::{execute, unique, until};

const EMERGENCY: &str = "I can't breathe";
const ADVICE: &str = "Trouble breathing can be a threat to life. Call your local emergency number";

/// Every way to write to the service.
async fn ways(system: &System, content: &str, path: &str) -> [(&'static str, u16, Value); 3] {
    let title: String = content.chars().take(200).collect();
    let said = json!([{ "role": "user", "content": content }]);
    let question = json!({ "model": "chatbot", "messages": said });
    [
        send(system, "message", path, json!({ "content": content })).await,
        send(system, "completion", "/v1/chat/completions", question).await,
        send(
            system,
            "title",
            "/v1/conversations",
            json!({ "title": title }),
        )
        .await,
    ]
}

async fn send(
    system: &System,
    way: &'static str,
    path: &str,
    body: Value,
) -> (&'static str, u16, Value) {
    let answer = system.post(path, &body).send().await.unwrap();
    let status = answer.status().as_u16();
    (way, status, answer.json().await.unwrap())
}

/// Says first what to do, wherever a client looks for it.
fn assert_advises(way: &str, body: &Value) {
    let detail = body["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with(ADVICE), "{way}: {body}");
    if way == "completion" {
        assert_eq!(body["error"]["message"], body["detail"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_is_answered_beyond_the_rate_limit() {
    let setup = Setup::new().await;
    let setup = setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "1");
    let mut system = System::start_with(setup).await;
    // Nobody else's requests count: Redis is shared.
    system.key = system.setup.key(&unique("person"), &["chat"]);
    let conversation = system.conversation().await;
    conversation.ask(QUESTION).json().await;
    let path = conversation.messages();
    for (way, status, body) in ways(&system, QUESTION, &path).await {
        assert_eq!(status, 429, "{way}: {body}");
    }
    for (way, status, body) in ways(&system, EMERGENCY, &path).await {
        assert_eq!(status, if way == "title" { 201 } else { 200 }, "{body}");
        assert!(
            way == "title" || body.to_string().contains(ADVICE),
            "{body}"
        );
    }
    // Two of ten, and there they end, too: with the advice.
    for more in 3..=11 {
        let body = json!({ "content": EMERGENCY });
        let (way, status, body) = send(&system, "message", &path, body).await;
        assert_eq!(status, if more > 10 { 429 } else { 200 }, "{more}: {body}");
        if more > 10 {
            assert_advises(way, &body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_is_not_accepted_gets_its_advice() {
    let system = System::start().await;
    let path = system.conversation().await.messages();
    let filler = "and so on ".repeat(5_000);
    for content in [
        format!("{EMERGENCY}. {filler}"),
        format!("{filler}. {EMERGENCY}"),
    ] {
        let answers = ways(&system, &content, &path).await;
        for (way, status, body) in answers.iter().filter(|(way, ..)| *way != "title") {
            assert_eq!(*status, 422, "{body}");
            assert_advises(way, body);
        }
    }
    let nowhere = "/v1/conversations/01890a5d-ac96-774b-bcce-b302099a8057/messages";
    let (way, status, body) =
        send(&system, "message", nowhere, json!({ "content": EMERGENCY })).await;
    assert_eq!(status, 404);
    assert_advises(way, &body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_gets_its_advice_while_the_database_is_away() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    let system = System::start_with(setup).await;
    let path = system.conversation().await.messages();
    for fault in [Fault::Gone, Fault::Silent] {
        proxy.set(fault);
        let begun = Instant::now();
        for (way, status, body) in ways(&system, EMERGENCY, &path).await {
            assert_eq!(status, 503, "{body}");
            assert_advises(way, &body);
        }
        // Three times two seconds, and what a busy machine adds.
        assert!(begun.elapsed() < Duration::from_secs(9), "{fault:?}");
    }
    // Others are told what to do if it cannot wait, after the reason.
    proxy.set(Fault::Gone);
    let (_, status, body) = send(&system, "message", &path, json!({ "content": "When?" })).await;
    let detail = body["detail"].as_str().unwrap_or_default();
    assert_eq!(status, 503);
    assert!(detail.starts_with("The database"), "{body}");
    assert!(detail.contains("In an emergency, call"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_does_not_wait_for_a_slow_database() {
    let system = System::start().await;
    let path = system.conversation().await.messages();
    let mut lock = system.database().connection().await;
    execute(&mut lock, "BEGIN").await;
    execute(&mut lock, "LOCK TABLE turns IN EXCLUSIVE MODE").await;
    let begun = Instant::now();
    let (way, status, body) =
        send(&system, "message", &path, json!({ "content": EMERGENCY })).await;
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(status, 503);
    assert_advises(way, &body);
    // It is accepted all the same, once that can be.
    execute(&mut lock, "ROLLBACK").await;
    until("the emergency is answered", async || {
        system
            .database()
            .count("turns WHERE status = 'escalated'")
            .await
            == 1
    })
    .await;
}
