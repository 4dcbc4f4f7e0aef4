//! Redis goes away, falls silent, slows down, breaks off and forgets.

use std::time::Duration;

use tokio::time::sleep;

use super::{AWAY, breaking, for_a_while, play};
use crate::faults::faults;
use crate::support::proxy::{Fault, Proxy, behind};
use crate::support::servers::{Server, redis_command};
use crate::support::service;
use crate::support::system::Setup;

/// The Redis of a system behind a proxy.
async fn proxied() -> (Proxy, Setup) {
    let url = service("CHATBOT_TEST_REDIS_URL");
    behind("REDIS_URL", &url, Setup::new().await).await
}

/// Chats while Redis is behind a network with this fault for a while, again and again.
async fn without_redis(scenario: &str, fault: Fault) {
    let (proxy, setup) = proxied().await;
    let played = play(scenario, setup, faults(2), async |_| {
        for_a_while(&proxy, fault).await;
    })
    .await;
    played.is_untouched();
    played.begins_as_early();
    proxy.set(fault);
    played.resumes_from_what_is_stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_gone() {
    without_redis("Redis gone (3 s)", Fault::Gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_silent() {
    without_redis("Redis silent (3 s)", Fault::Silent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_slow() {
    let slow = Fault::Delay(Duration::from_millis(500));
    without_redis("Redis slow (1 s)", slow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_redis_break() {
    let (proxy, setup) = proxied().await;
    let scenario = "Redis' connections break";
    let played = play(scenario, setup, faults(1), async |_| breaking(&proxy).await).await;
    played.is_untouched();
    played.begins_as_early();
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_flushed() {
    let server = Server::redis().await;
    let setup = Setup::new().await.with("REDIS_URL", server.url());
    let flush = async || redis_command(&server.address(), "FLUSHALL").await.unwrap();
    let played = play("Redis flushed", setup, faults(2), async |_| {
        for _ in 0..10 {
            flush().await;
            sleep(AWAY / 10).await;
        }
    })
    .await;
    played.is_untouched();
    played.begins_as_early();
    flush().await;
    played.resumes_from_what_is_stored().await;
}
