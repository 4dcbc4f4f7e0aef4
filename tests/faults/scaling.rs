//! Workers come and go while documents arrive: everyone has a fair share soon.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::check::Findings;
use super::documents::{self, Changes};
use super::report::report;
use super::rig::Rig;
use super::{at_length, at_most, planted};
use crate::support::system::Setup;
use crate::support::until_within;

const PARTITIONS: &str = "12";
/// Before and after the others.
const FEW: usize = 2;
/// A pod that is told to go is killed after this.
const EXIT: Duration = Duration::from_secs(75);
/// After each step the shares are fair within this.
const FAIR: Duration = Duration::from_secs(15);

/// A row while two live members' shares differ by more than one, or a partition has no live owner.
const UNFAIR: &str = "SELECT '' AS t FROM (
        SELECT count(l.partition) AS share FROM consumer_members m
        LEFT JOIN partition_leases l ON l.owner = m.member AND l.consumer_group = m.consumer_group
            AND l.expires_at > now()
        WHERE m.expires_at > now() GROUP BY m.member) shares
    HAVING max(share) - min(share) > 1 OR sum(share) <> (SELECT count(*) FROM partition_leases)";
const ALIVE: &str = "SELECT count(*) AS n FROM consumer_members WHERE expires_at > now()";

async fn until_fair(rig: &Rig, members: usize) -> Duration {
    let begun = Instant::now();
    let fair = || async {
        let unfair = rig.setup.database.texts(UNFAIR).await;
        let alive = rig.setup.database.number(ALIVE).await;
        unfair.is_empty() && usize::try_from(alive).unwrap() == members
    };
    until_within(at_most(FAIR), "shares are fair", fair).await;
    begun.elapsed()
}

/// Stops all workers but two at once; how long until the two share everything.
async fn shrink(rig: &Rig) -> Duration {
    let stops = (FEW..rig.rags.len()).map(|index| rig.rags.terminate(index, EXIT));
    for (took, clean) in join_all(stops).await {
        assert!(clean, "it did not end cleanly within {took:?}");
    }
    until_fair(rig, FEW).await
}

async fn grow(rig: &Rig) -> Duration {
    for index in FEW..rig.rags.len() {
        rig.rags.start(&rig.setup, index);
    }
    rig.until_ready().await;
    until_fair(rig, rig.rags.len()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_come_and_go() {
    let most = if at_length() { 10 } else { 4 };
    let setup = Setup::new()
        .await
        .with("CHATBOT__MESSAGING__PARTITIONS", PARTITIONS);
    let mut rig = Rig::start("workers come and go", 0, most, setup).await;
    until_fair(&rig, most).await;
    let changes = Changes::start(&mut rig, 500, Duration::from_millis(100));
    shrink(&rig).await;
    let mut recoveries = vec![grow(&rig).await, shrink(&rig).await];
    let editions = changes.finish().await;
    documents::until_indexed(&rig).await;
    recoveries.sort();
    let findings = Findings {
        recoveries,
        ..Findings::default()
    };
    let scenario = format!("rag workers 2, {most}, 2: until shares are fair");
    report(&scenario, 2, &findings);
    documents::check(&rig).await;
    planted::nothing_leaked(&rig).await;
    documents::check_clean(&rig, &editions).await;
}
