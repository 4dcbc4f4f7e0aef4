//! The credential that orchestrator and rag share is replaced while people ask.

use std::time::Duration;

use super::chat::Load;
use super::check::check;
use super::report::report;
use super::rig::{Replicas, Rig};
use crate::support::system::Setup;

const EXIT: Duration = Duration::from_secs(75);
const CLIENTS: usize = 8;
const TOKEN: &str = "CHATBOT__AUTH__INTERNAL_TOKEN";
const PREVIOUS: &str = "INTERNAL_TOKEN_PREVIOUS";
const OLD: &str = "5f0c9d3b7a1e48262d6b8c04f7e9a135";
const NEW: &str = "c3a7e15d90b2f4688d1c6e0b7a35f924";

async fn replace(rig: &Rig, replicas: &Replicas, index: usize) {
    let (took, clean) = replicas.terminate(index, EXIT).await;
    assert!(clean, "it did not end cleanly within {took:?}");
    replicas.start(&rig.setup, index);
    rig.until_ready().await;
}

/// Pods of both roles are replaced in any order: each meets others that know only the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_internal_token_fails_no_question() {
    let setup = Setup::new()
        .await
        .with(TOKEN, OLD)
        .with("CHATBOT__SERVER__ENDPOINT_DELAY_SECONDS", "2");
    let scenario = "rotation of the internal token";
    let mut rig = Rig::start(scenario, 2, 2, setup).await;
    let load = Load::through_front(&mut rig, CLIENTS);
    rig.setup.set(TOKEN, NEW);
    rig.setup.set(PREVIOUS, OLD);
    replace(&rig, &rig.orchestrators, 0).await;
    for index in 0..2 {
        replace(&rig, &rig.rags, index).await;
    }
    replace(&rig, &rig.orchestrators, 1).await;
    rig.setup.set(PREVIOUS, "");
    replace(&rig, &rig.rags, 0).await;
    let found = check(&rig, &load.finish().await).await;
    report(scenario, 5, &found);
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert!(found.failures.is_empty(), "{:?}", found.failures);
}
