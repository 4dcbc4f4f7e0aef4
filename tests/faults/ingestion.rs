//! Workers die while documents are indexed: each document once, or a reason.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use rustix::process::Signal;

use super::check::Findings;
use super::documents::{self, Owner};
use super::planted::{self, Planted};
use super::report::report;
use super::rig::Rig;
use super::{at_length, at_most, faults};
use crate::support::system::Setup;
use crate::support::until;

/// Kills of one ingestion at most; with more the documents would be indexed before the last.
const KILLS: usize = 2;
/// The partitions of a dead worker have a new owner within this.
const TAKEOVER: Duration = Duration::from_secs(20);

/// Members that own nothing; zero when everyone works.
const IDLE: &str = "SELECT count(*) AS n FROM consumer_members m WHERE m.expires_at > now()
    AND NOT EXISTS (SELECT FROM partition_leases l WHERE l.owner = m.member)";
const WAITING: &str = "SELECT count(*) AS n FROM document_versions WHERE status = 'received'";

/// Kills a worker at a random moment and starts it again; returns how long its partitions had no
/// live owner.
async fn kill(rig: &mut Rig) -> Duration {
    let database = &rig.setup.database;
    until("everyone works", || async {
        database.number(IDLE).await == 0
    })
    .await;
    let moment = rig
        .random
        .between(Duration::from_millis(50), Duration::from_secs(1));
    tokio::time::sleep(moment).await;
    let victim = rig.random.below(rig.rags.len());
    assert!(
        database.number(WAITING).await > 0,
        "nothing was left to index"
    );
    rig.rags.kill(victim);
    let died = Instant::now();
    let at = rig.now().await;
    rig.rags.start(&rig.setup, victim);
    // A member that has renewed its leases since then lives.
    let orphans = format!(
        "SELECT count(*) AS n FROM partition_leases l LEFT JOIN consumer_members m
             ON m.member = l.owner AND m.expires_at > '{}'::timestamptz + interval '{} s'
         WHERE m.member IS NULL",
        at,
        lease()
    );
    let taken = || async { database.number(&orphans).await == 0 };
    until("its partitions are taken over", taken).await;
    died.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_while_they_index() {
    let count = faults(1);
    let total = if at_length() { 1_000 } else { 200 };
    let mut findings = Findings::default();
    let planted = Planted::new();
    let mut expected = None;
    let mut left = count;
    while left > 0 {
        let kills = left.min(KILLS);
        left -= kills;
        let (rig, takeovers) = ingest(total, kills, &planted).await;
        findings.recoveries.extend(takeovers);
        if expected.is_none() {
            let editions = (0..total).map(|number| (number, 1)).collect();
            expected = Some(documents::clean(&rig, &editions).await);
        }
        assert_eq!(Some(documents::index(&rig).await), expected);
        println!("{} of {count} kills", count - left);
    }
    findings.recoveries.sort();
    let scenario = "rag worker killed (SIGKILL) while it indexes";
    report(scenario, count, &findings);
    let longest = findings.recoveries.last();
    assert!(longest <= Some(&at_most(TAKEOVER)), "{longest:?}");
}

/// A worker that stood still for longer than its lease comes back in the middle of a record: what
/// it would write comes too late, and is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_for_longer_than_its_lease() {
    let (frozen, total) = if at_length() { (30, 1_000) } else { (6, 200) };
    let rig = Rig::start("rag frozen", 0, 2, leased().await).await;
    let owner = Owner::of(&rig);
    let mut findings = Findings::default();
    let mut refused = 0;
    // It holds a record most of the time, not always: then it comes back and finds nothing to do.
    for round in 0..5 {
        if refused > 0 {
            break;
        }
        let numbers = round * total..(round + 1) * total;
        let freeze = async {
            until("there is work", || async {
                rig.setup.database.number(WAITING).await > 20
            })
            .await;
            rig.rags.signal(1, Signal::STOP);
            tokio::time::sleep(Duration::from_secs(frozen)).await;
            rig.rags.signal(1, Signal::CONT);
            Instant::now()
        };
        let (thawed, ()) = tokio::join!(freeze, upload(&owner, numbers));
        documents::until_indexed(&rig).await;
        rig.until_ready().await;
        findings.recoveries.push(thawed.elapsed());
        let conflicts = "chatbot_consumer_epoch_conflicts_total";
        refused = rig.metric(&rig.rags.url(1), conflicts).await;
    }
    findings.recoveries.sort();
    report(
        "rag worker frozen (SIGSTOP) while it indexes",
        findings.recoveries.len(),
        &findings,
    );
    assert!(refused > 0, "nothing came too late");
    documents::check(&rig).await;
    planted::nothing_leaked(&rig).await;
    let every = (0..total * findings.recoveries.len()).map(|number| (number, 1));
    documents::check_clean(&rig, &every.collect()).await;
}

/// How long a lease outlives its owner, in seconds.
fn lease() -> u64 {
    if at_length() { 15 } else { 4 }
}

async fn leased() -> Setup {
    Setup::new()
        .await
        .with("CHATBOT__MESSAGING__PARTITIONS", "6")
        .with(
            "CHATBOT__MESSAGING__LEASE_TTL_MS",
            (lease() * 1_000).to_string(),
        )
        .with(
            "CHATBOT__MESSAGING__HEARTBEAT_MS",
            (lease() * 200).to_string(),
        )
}

/// One ingestion with so many kills; says how long partitions had no live owner.
async fn ingest(total: usize, kills: usize, planted: &Planted) -> (Rig, Vec<Duration>) {
    let mut rig = Rig::planting("rag killed", 0, 2, leased().await, planted).await;
    let owner = Owner::of(&rig);
    let kills = async {
        let mut takeovers = Vec::new();
        for _ in 0..kills {
            takeovers.push(kill(&mut rig).await);
        }
        takeovers
    };
    let (takeovers, ()) = tokio::join!(kills, upload(&owner, 0..total));
    documents::until_indexed(&rig).await;
    documents::check(&rig).await;
    planted::nothing_leaked(&rig).await;
    (rig, takeovers)
}

async fn upload(owner: &Owner, numbers: Range<usize>) {
    let uploads = stream::iter(numbers).map(|number| owner.upload(number, 1));
    uploads.buffer_unordered(4).collect::<()>().await;
}
