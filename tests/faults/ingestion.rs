//! Workers die while documents are indexed: each document once, or a reason.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use super::check::Findings;
use super::documents::{self, Owner};
use super::report::report;
use super::rig::Rig;
use super::{faults, planted};
use crate::support::system::Setup;

/// Documents uploaded for each fault.
const DOCUMENTS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_while_they_index() {
    let count = faults(1);
    let total = DOCUMENTS * count;
    let mut rig = Rig::start("rag killed", 0, 2, Setup::new().await).await;
    let clean = Rig::planting("clean", 0, 2, Setup::new().await, &rig.planted).await;
    upload(&clean, 0..total).await;
    documents::until_indexed(&clean).await;
    let mut findings = Findings::default();
    for round in 0..count {
        let moment = rig
            .random
            .between(Duration::from_millis(50), Duration::from_millis(1_500));
        let kill = async {
            tokio::time::sleep(moment).await;
            rig.rags.kill(0);
            rig.rags.start(&rig.setup, 0);
            Instant::now()
        };
        let (died, ()) = tokio::join!(
            kill,
            upload(&rig, round * DOCUMENTS..(round + 1) * DOCUMENTS)
        );
        documents::until_indexed(&rig).await;
        findings.recoveries.push(died.elapsed());
        rig.until_ready().await;
    }
    findings.recoveries.sort();
    report(
        "rag worker killed (SIGKILL) while it indexes",
        count,
        &findings,
    );
    assert_eq!(documents::index(&rig).await, documents::index(&clean).await);
    documents::check(&rig).await;
    planted::nothing_leaked(&rig).await;
}

async fn upload(rig: &Rig, numbers: Range<usize>) {
    let owner = Owner::of(rig);
    let uploads = stream::iter(numbers).map(|number| owner.upload(number, 1));
    uploads.buffer_unordered(8).collect::<()>().await;
}
