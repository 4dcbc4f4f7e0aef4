//! Orchestrators die, freeze and are replaced while people read their answers.

use std::time::Duration;

use rustix::process::Signal;

use super::chat::Load;
use super::check::check;
use super::faults;
use super::report::report;
use super::rig::Rig;
use crate::support::system::Setup;

const CLIENTS: usize = 20;
/// A dead replica's turns are continued or have ended within this.
const RECOVERY: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments() {
    let count = faults(2);
    let mut rig = Rig::start("orchestrator killed", 3, 1, Setup::new().await).await;
    let load = Load::start(&mut rig, CLIENTS);
    for _ in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(500), Duration::from_secs(3));
        tokio::time::sleep(moment).await;
        let victim = rig.random.below(rig.orchestrators.len());
        rig.orchestrators.kill(victim);
        rig.orchestrators.start(&rig.setup, victim);
        rig.until_ready().await;
    }
    let found = check(&rig, &load.finish().await).await;
    report("orchestrator killed (SIGKILL)", count, &found);
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert!(found.restarts > 0, "no answer was interrupted");
    let p99 = found.recovery(99);
    assert!(p99 <= RECOVERY, "{p99:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rolled_under_load() {
    let count = faults(2);
    let setup = Setup::new()
        .await
        .with("CHATBOT__SERVER__DRAIN_SECONDS", "1")
        .with("CHATBOT__SERVER__ENDPOINT_DELAY_SECONDS", "0");
    let mut rig = Rig::start("rolling restarts", 2, 1, setup).await;
    let load = Load::start(&mut rig, CLIENTS);
    for round in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(300), Duration::from_secs(2));
        tokio::time::sleep(moment).await;
        let index = round % rig.orchestrators.len();
        let limit = Duration::from_secs(75);
        let (took, clean) = rig.orchestrators.terminate(index, limit).await;
        assert!(clean, "it did not end cleanly within {took:?}");
        rig.orchestrators.start(&rig.setup, index);
        rig.until_ready().await;
    }
    let found = check(&rig, &load.finish().await).await;
    report("rolling restart (SIGTERM)", count, &found);
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_for_longer_than_a_lease() {
    let mut rig = Rig::start("orchestrator frozen", 2, 1, Setup::new().await).await;
    let load = Load::start(&mut rig, CLIENTS);
    tokio::time::sleep(Duration::from_secs(2)).await;
    rig.orchestrators.signal(0, Signal::STOP);
    tokio::time::sleep(Duration::from_secs(20)).await;
    rig.orchestrators.signal(0, Signal::CONT);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let found = check(&rig, &load.finish().await).await;
    // Every call of the frozen replica is late at once: it may leave the provider alone for a
    // while, and says so.
    report("orchestrator frozen (SIGSTOP, 20 s)", 1, &found);
    assert!(found.restarts > 0, "no answer was interrupted");
    // The thawed replica found its turns under another generation and wrote nothing.
    let metrics = format!("{}/metrics", rig.orchestrators.url(0));
    let metrics = rig
        .http
        .get(metrics)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let superseded = metrics
        .lines()
        .find(|line| line.starts_with("chatbot_turns_superseded_total"));
    let count: u64 = superseded
        .unwrap()
        .rsplit_once(' ')
        .unwrap()
        .1
        .parse()
        .unwrap();
    assert!(count > 0, "{metrics}");
}
