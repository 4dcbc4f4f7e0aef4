//! What the replicas need goes away, falls silent and comes back while people chat.

use std::time::Duration;

use super::chat::Load;
use super::check::{Findings, check};
use super::faults;
use super::report::report;
use super::rig::Rig;
use crate::support::proxy::{Fault, Proxy};
use crate::support::service;
use crate::support::system::{Setup, authority};

const CLIENTS: usize = 20;

/// Chats while a dependency behind a proxy is away `count` times, each time for so long.
async fn without(
    scenario: &str,
    (variable, url): (&str, String),
    setup: Setup,
    fault: Fault,
    (count, away): (usize, Duration),
) -> Findings {
    let address = authority(&url);
    let proxy = Proxy::to(&address).await;
    let url = url.replace(&address, &proxy.address.to_string());
    let mut rig = Rig::start(scenario, 2, 1, setup.with(variable, url)).await;
    let load = Load::start(&mut rig, CLIENTS);
    for _ in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(300), Duration::from_secs(2));
        tokio::time::sleep(moment).await;
        proxy.set(fault);
        tokio::time::sleep(away).await;
        proxy.set(Fault::None);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let found = check(&rig, &load.finish().await).await;
    report(scenario, count, &found);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_gone() {
    let setup = Setup::new().await;
    let database = ("DATABASE_URL", setup.database.url.clone());
    let times = (faults(1), Duration::from_secs(3));
    let found = without("PostgreSQL gone (3 s)", database, setup, Fault::Gone, times).await;
    // A running turn waits for its database; evidence has a deadline and fails in sight.
    let failed = found.chats - found.ended("completed");
    let evidence = found.reasons.get("retrieval").copied().unwrap_or_default();
    assert_eq!(failed, evidence, "{:?} {:?}", found.ends, found.reasons);
    assert!(failed * 5 <= found.chats, "{:?}", found.ends);
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_gone() {
    let setup = Setup::new().await;
    let redis = ("REDIS_URL", service("CHATBOT_TEST_REDIS_URL"));
    let times = (faults(1), Duration::from_secs(3));
    let found = without("Redis gone (3 s)", redis, setup, Fault::Gone, times).await;
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert_eq!(found.recoveries.len(), 0, "no live stream is touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_silent() {
    let setup = Setup::new().await;
    let redis = ("REDIS_URL", service("CHATBOT_TEST_REDIS_URL"));
    let times = (faults(1), Duration::from_secs(3));
    let found = without("Redis silent (3 s)", redis, setup, Fault::Silent, times).await;
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert_eq!(found.recoveries.len(), 0, "no live stream is touched");
}
