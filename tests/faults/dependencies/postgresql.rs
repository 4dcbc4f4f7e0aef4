//! PostgreSQL dies, goes away, breaks off, slows down, and has no connection left.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{AWAY, breaking, for_a_while, play};
use crate::faults::rig::Rig;
use crate::faults::{at_most, faults};
use crate::support::proxy::{Fault, Proxy, behind};
use crate::support::servers::Server;
use crate::support::system::Setup;
use crate::support::{TestDatabase, execute};

/// Nobody waits for longer to be told that the database is away.
const NO_HANG: Duration = Duration::from_secs(5);

/// The database of a system behind a proxy.
async fn proxied() -> (Proxy, Setup) {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    behind("DATABASE_URL", &url, setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_killed() {
    let mut server = Server::postgres().await;
    let setup = Setup::of(TestDatabase::on(&server.url()).await);
    let played = play(
        "PostgreSQL killed (SIGKILL)",
        setup,
        faults(1),
        async |rig| {
            server.kill();
            is_told_when_to_come_back(rig).await;
            sleep(Duration::from_secs(1)).await;
            server.start().await;
        },
    )
    .await;
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_are_completed();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_gone() {
    let (proxy, setup) = proxied().await;
    let played = play("PostgreSQL gone (3 s)", setup, faults(1), async |_| {
        for_a_while(&proxy, Fault::Gone).await;
    })
    .await;
    // A running turn waits for its database; evidence has a deadline and fails in sight.
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_are_completed();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_postgresql_break() {
    let (proxy, setup) = proxied().await;
    let scenario = "PostgreSQL's connections break";
    let played = play(scenario, setup, faults(1), async |_| breaking(&proxy).await).await;
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_go_on();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_slow() {
    let (proxy, setup) = proxied().await;
    // Half there and half back: 500 ms a query.
    let slow = Fault::Delay(Duration::from_millis(250));
    let played = play("PostgreSQL slow (500 ms)", setup, faults(1), async |_| {
        proxy.set(slow);
        // Long enough for a chat to begin while it is slow, and to get its first token.
        sleep(AWAY * 4).await;
        proxy.set(Fault::None);
    })
    .await;
    played.found.failed_for_evidence_only();
    let (with, without) = played.first_tokens();
    println!("first token: {with:?} with the fault, {without:?} without");
    assert!(with > without + Duration::from_secs(1), "it was not slow");
    played.recovers();
    played.streams_go_on();
}

/// The response to a request: status, `Retry-After`, and duration.
async fn ask(rig: &Rig, method: Method, path: &str) -> (u16, Option<String>, Duration) {
    let begun = Instant::now();
    let url = format!("{}{path}", rig.orchestrators.url(0));
    let request = rig.http.request(method, url).bearer_auth(&rig.key);
    let request = request.json(&json!({})).timeout(Duration::from_secs(20));
    let answer = request.send().await.unwrap();
    let after = answer.headers().get("retry-after");
    let after = after.map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), after, begun.elapsed())
}

/// Without a database nobody waits for long: who asks is told when to come back, and those who
/// watch get their answers.
async fn is_told_when_to_come_back(rig: &Rig) {
    let requests = (0..30).map(|_| ask(rig, Method::POST, "/v1/conversations"));
    let (answers, alive, metrics, ready) = tokio::join!(
        join_all(requests),
        ask(rig, Method::GET, "/health"),
        ask(rig, Method::GET, "/metrics"),
        ask(rig, Method::GET, "/health/ready"),
    );
    for (status, after, took) in answers {
        assert_eq!((status, after.as_deref()), (503, Some("2")), "{took:?}");
        assert!(took < at_most(NO_HANG), "{took:?}");
    }
    for (status, _, took) in [alive, metrics] {
        assert_eq!(status, 200);
        assert!(took < at_most(Duration::from_secs(2)), "{took:?}");
    }
    // It may have got a connection between two others; but it says in time what it found.
    let (status, _, took) = ready;
    assert!(matches!(status, 200 | 503), "{status}");
    assert!(took < at_most(NO_HANG), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_taken() {
    let setup = Setup::new().await;
    let mut lock = setup.database.connection().await;
    let setup = setup
        .with("CHATBOT__DATABASE__MAX_CONNECTIONS", "4")
        .with("CHATBOT__DATABASE__ACQUIRE_TIMEOUT_MS", "1000")
        .with("CHATBOT__DATABASE__STATEMENT_TIMEOUT_MS", "2000");
    let played = play(
        "PostgreSQL's connections taken",
        setup,
        faults(1),
        async |rig| {
            execute(&mut lock, "BEGIN").await;
            execute(&mut lock, "LOCK TABLE turns, conversations").await;
            sleep(Duration::from_secs(1)).await;
            is_told_when_to_come_back(rig).await;
            execute(&mut lock, "ROLLBACK").await;
        },
    )
    .await;
    played.fails_for_evidence_only();
    played.recovers();
    played.streams_go_on();
}
