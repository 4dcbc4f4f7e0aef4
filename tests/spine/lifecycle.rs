//! How the roles start and stop.

use std::time::Duration;

use crate::support::system::System;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_stops_cleanly() {
    let mut system = System::start().await;
    let ended =
        tokio::task::block_in_place(|| system.orchestrator.terminate(Duration::from_secs(20)));
    assert!(ended.is_some_and(|status| status.success()));
}
