//! Orchestrators die, freeze and are replaced while people read their answers.

use std::time::Duration;

use rustix::process::Signal;

use super::chat::Load;
use super::check::{Findings, check};
use super::gaps::Gaps;
use super::report::report;
use super::rig::{Replicas, Rig};
use super::{at_length, at_most, faults};
use crate::support::system::Setup;
use crate::support::until;

/// A dead replica's turns are continued or have ended within this.
const RECOVERY: Duration = Duration::from_secs(20);
/// A pod that is told to go is killed after this.
const EXIT: Duration = Duration::from_secs(75);
/// A lease that was given back has a new owner within this time.
const REOWNED: Duration = Duration::from_secs(3);

fn clients(full: usize) -> usize {
    if at_length() { full } else { 20 }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments() {
    let count = faults(2);
    let mut rig = Rig::start("orchestrator killed", 3, 2, Setup::new().await).await;
    let load = Load::start(&mut rig, clients(50));
    for _ in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(500), Duration::from_secs(3));
        tokio::time::sleep(moment).await;
        let victim = rig.random.below(rig.orchestrators.len());
        rig.orchestrators.kill(victim);
        let died = rig.now().await;
        rig.orchestrators.start(&rig.setup, victim);
        rig.until_ready().await;
        if at_length() {
            // Each death is measured by itself: the next one must not meet the same turns.
            until_continued(&rig, &died).await;
        }
    }
    let found = check(&rig, &load.finish().await).await;
    report("orchestrator killed (SIGKILL)", count, &found);
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert!(found.restarts > 0, "no answer was interrupted");
    assert!(
        found.recovery(99) <= at_most(RECOVERY),
        "{:?}",
        found.recovery(99)
    );
}

/// Waits until no turn runs under a lease that was last renewed before this moment.
async fn until_continued(rig: &Rig, moment: &str) {
    let orphans = format!(
        "SELECT count(*) AS n FROM turns WHERE finished_at IS NULL
             AND lease_expires_at <= '{moment}'::timestamptz + interval '15 s'"
    );
    let continued = || async { rig.setup.database.number(&orphans).await == 0 };
    until("every turn goes on", continued).await;
}

/// Replaces one replica after the other, of both roles, while people chat through one address.
/// Every answer is completed, and what was given back has a new owner at once. Seconds: `delay` for
/// the endpoints to notice, then `drain` for what runs.
async fn roll(
    scenario: &str,
    (delay, drain): (u64, u64),
    clients: usize,
    count: usize,
) -> Findings {
    let setup = Setup::new()
        .await
        .with("CHATBOT__SERVER__DRAIN_SECONDS", drain.to_string())
        .with("CHATBOT__SERVER__ENDPOINT_DELAY_SECONDS", delay.to_string());
    let mut rig = Rig::start(scenario, 2, 2, setup).await;
    let gaps = Gaps::watch(&rig).await;
    let load = Load::through_front(&mut rig, clients);
    for round in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(300), Duration::from_secs(2));
        tokio::time::sleep(moment).await;
        let index = round / 2 % 2;
        let replicas: &Replicas = [&rig.orchestrators, &rig.rags][round % 2];
        let (took, clean) = replicas.terminate(index, EXIT).await;
        assert!(clean, "it did not end cleanly within {took:?}");
        replicas.start(&rig.setup, index);
        rig.until_ready().await;
    }
    let found = check(&rig, &load.finish().await).await;
    report(scenario, count, &found);
    let gaps = gaps.finish().await;
    println!(
        "{} leases given back; without an owner: {gaps:?}",
        gaps.len()
    );
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert!(gaps.last() <= Some(&at_most(REOWNED)), "{gaps:?}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn rolled_under_load() {
    // As a pod does before it stops: it still serves, until nobody is sent to it any more.
    let delay = if at_length() { 5 } else { 2 };
    let scenario = "rolling restart (SIGTERM)";
    let found = roll(scenario, (delay, 30), clients(200), faults(2)).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
}

/// With neither delay nor drain: turns are handed over in the middle of their answers, and clients
/// follow them. Connections end sooner than their clients may know, so a request may have to be
/// sent again.
#[tokio::test(flavor = "multi_thread")]
async fn rolled_in_the_middle_of_answers() {
    let scenario = "rolling restart, answers handed over";
    let found = roll(scenario, (0, 0), clients(200), faults(2)).await;
    assert!(found.restarts > 0, "no answer was handed over");
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_for_longer_than_a_lease() {
    let mut rig = Rig::start("orchestrator frozen", 2, 2, Setup::new().await).await;
    let load = Load::start(&mut rig, clients(50));
    tokio::time::sleep(Duration::from_secs(2)).await;
    rig.orchestrators.signal(0, Signal::STOP);
    let frozen = if at_length() { 30 } else { 18 };
    tokio::time::sleep(Duration::from_secs(frozen)).await;
    rig.orchestrators.signal(0, Signal::CONT);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let found = check(&rig, &load.finish().await).await;
    report("orchestrator frozen (SIGSTOP)", 1, &found);
    assert!(found.restarts > 0, "no answer was interrupted");
    // The provider was never away, and the thawed replica does not believe it.
    assert_eq!(found.reasons.get("exhausted"), None, "{:?}", found.reasons);
    // The thawed replica found its turns under another generation and wrote nothing.
    assert!(
        rig.metric(&rig.orchestrators.url(0), "chatbot_turns_superseded_total")
            .await
            > 0
    );
}
