//! Workers come and go while documents arrive: everyone has a fair share soon.

use std::time::{Duration, Instant};

use super::check::Findings;
use super::documents::{self, Changes, Owner};
use super::report::report;
use super::rig::Rig;
use super::{at_length, planted};
use crate::support::system::Setup;

const PARTITIONS: i64 = 12;
/// After each step the shares are fair within this.
const FAIR: Duration = Duration::from_secs(15);

/// Zero once every partition is held by a live member and no two members' shares differ by more
/// than one.
const UNFAIR: &str = "SELECT count(*) AS n FROM (
        SELECT count(l.partition) AS share FROM consumer_members m
        LEFT JOIN partition_leases l ON l.owner = m.member AND l.consumer_group = m.consumer_group
            AND l.expires_at > now()
        WHERE m.expires_at > now() GROUP BY m.member) shares
    HAVING max(share) - min(share) > 1 OR sum(share) <> (SELECT count(*) FROM partition_leases)";

async fn until_fair(rig: &Rig, members: i64) -> Duration {
    let begun = Instant::now();
    let alive = "SELECT count(*) AS n FROM consumer_members WHERE expires_at > now()";
    loop {
        let fair = rig
            .setup
            .database
            .texts(&UNFAIR.replace("count(*) AS n", "'' AS t"))
            .await;
        if fair.is_empty() && rig.setup.database.number(alive).await == members {
            return begun.elapsed();
        }
        assert!(
            begun.elapsed() < FAIR,
            "no fair shares of {members} in time"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_come_and_go() {
    let most = if at_length() { 10 } else { 4 };
    let setup = Setup::new()
        .await
        .with("CHATBOT__MESSAGING__PARTITIONS", PARTITIONS.to_string())
        .with("CHATBOT__DATABASE__MAX_CONNECTIONS", "8");
    let mut rig = Rig::start("workers come and go", 0, most, setup).await;
    let mut steps = vec![until_fair(&rig, i64::try_from(most).unwrap()).await];
    let changes = Changes::start(&mut rig, 500, Duration::from_millis(100));
    for members in (2..most).rev() {
        let limit = Duration::from_secs(75);
        let (took, clean) = rig.rags.terminate(members, limit).await;
        assert!(clean, "it did not end cleanly within {took:?}");
    }
    steps.push(until_fair(&rig, 2).await);
    for index in 2..most {
        rig.rags.start(&rig.setup, index);
    }
    rig.until_ready().await;
    steps.push(until_fair(&rig, i64::try_from(most).unwrap()).await);
    let editions = changes.finish().await;
    documents::until_indexed(&rig).await;
    steps.sort();
    let findings = Findings {
        recoveries: steps,
        ..Findings::default()
    };
    report("rag workers 2, 10, 2: until shares are fair", 3, &findings);
    documents::check(&rig).await;
    planted::nothing_leaked(&rig).await;
    let clean = Rig::planting("clean run", 0, 2, Setup::new().await, &rig.planted).await;
    let owner = Owner::of(&clean);
    for (number, edition) in editions {
        owner.upload(number, edition).await;
    }
    documents::until_indexed(&clean).await;
    assert_eq!(documents::index(&rig).await, documents::index(&clean).await);
}
