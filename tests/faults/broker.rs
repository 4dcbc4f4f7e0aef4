//! Kafka stops, dies, freezes and moves its leaders while people chat and documents arrive.
//!
//! An outage happens once. Its length is that of a short slice, or with `CHATBOT_FAULTS` the full
//! one; `CHATBOT_FAULT_SECONDS` chooses another.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chatbot::domain::messaging::topics;
use chatbot::messaging::{BusError, KafkaLog, KafkaSecurity, KafkaSettings, Log};
use rustix::process::Signal;
use tokio::task::JoinSet;

use super::at_length;
use super::chat::{Chat, Load};
use super::check::{Findings, check, percentile};
use super::documents;
use super::report::report;
use super::rig::Rig;
use crate::support::broker::Cluster;
use crate::support::system::Setup;
use crate::support::until_within;

/// Before anything is compared.
const WARM_UP: Duration = Duration::from_secs(2);
/// A backlog is gone this long after the return of the broker.
const DRAIN: Duration = Duration::from_mins(2);
/// Between two looks at the backlog.
const LOOK: Duration = Duration::from_millis(50);
/// Nobody who chats or uploads waits for one deadline of a call to Kafka.
pub(super) const KAFKA_DEADLINE: Duration = Duration::from_secs(10);
/// The prefix of the topics of a test's own log.
pub(super) const PROBE_PREFIX: &str = "probe.";
/// Percentiles are compared from so many chats on.
const ENOUGH_CHATS: usize = 1_000;

/// How a broker goes away.
#[derive(Clone, Copy)]
enum Outage {
    /// SIGTERM, and started again.
    Stopped,
    /// SIGKILL, and started again.
    Killed,
    /// SIGSTOP: connections stay open and nothing is said.
    Frozen,
}

impl Outage {
    async fn begin(self, cluster: &Cluster) {
        match self {
            Self::Stopped => cluster.stop(0).await,
            Self::Killed => cluster.kill(0),
            Self::Frozen => cluster.signal(0, Signal::STOP),
        }
    }

    fn end(self, cluster: &Cluster) {
        match self {
            Self::Stopped | Self::Killed => cluster.start_node(0),
            Self::Frozen => cluster.signal(0, Signal::CONT),
        }
    }
}

/// Documents that arrive until they are told to stop.
pub(super) struct Uploads {
    stop: Arc<AtomicBool>,
    task: JoinSet<usize>,
}

impl Uploads {
    pub(super) fn start(rig: &mut Rig) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (http, key) = (rig.http.clone(), rig.key.clone());
        let (url, mut random) = (rig.rags.url(0), rig.random.fork());
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut count = 0;
            while !stopped.load(Ordering::Relaxed) {
                let url = format!("{url}/v1/documents/load/doc-{count}.md");
                let text = format!("# Leaflet {count}\n\nRoom {count} is open at {count} o'clock.");
                let put = http.put(url).bearer_auth(&key).timeout(KAFKA_DEADLINE);
                let put = put.header("content-type", "text/markdown").body(text);
                let answer = put.send().await.expect("an upload waits for nobody");
                assert!(answer.status().is_success(), "{}", answer.status());
                count += 1;
                let least = Duration::from_millis(100);
                tokio::time::sleep(random.between(least, least * 4)).await;
            }
            count
        });
        Self { stop, task }
    }

    /// How many there were.
    pub(super) async fn finish(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.task.join_next().await.unwrap().unwrap()
    }
}

/// Chats in flight.
pub(super) fn clients() -> usize {
    if at_length() { 50 } else { 10 }
}

/// How long an outage is: the slice, the full length, or as asked for.
fn length(slice: u64, full: u64) -> Duration {
    let chosen = std::env::var("CHATBOT_FAULT_SECONDS").ok();
    let seconds = match chosen {
        Some(text) => text.parse().expect("a number of seconds"),
        None if at_length() => full,
        None => slice,
    };
    Duration::from_secs(seconds)
}

pub(super) async fn system(cluster: &Cluster) -> Setup {
    let copies = cluster.len().to_string();
    Setup::new()
        .await
        .with("KAFKA_BROKERS", cluster.brokers())
        .with("CHATBOT__MESSAGING__REPLICATION_FACTOR", copies)
}

async fn outage(scenario: &str, outage: Outage, length: Duration) {
    let cluster = Cluster::start(1).await;
    let mut rig = Rig::start(scenario, 2, 2, system(&cluster).await).await;
    let load = Load::start(&mut rig, clients());
    let uploads = Uploads::start(&mut rig);
    tokio::time::sleep(WARM_UP).await;
    // Those of the outage are compared with the chats of as long a time before.
    let calm = Instant::now();
    tokio::time::sleep(length.min(Duration::from_mins(1))).await;
    let begun = Instant::now();
    outage.begin(&cluster).await;
    tokio::time::sleep(length.saturating_sub(begun.elapsed())).await;
    let ended = Instant::now();
    outage.end(&cluster);
    let answers = || async { cluster.are_up().await };
    until_within(DRAIN, "the broker answers", answers).await;
    let back = Instant::now();
    let drained = until_drained(&rig, back).await;
    let uploaded = uploads.finish().await;
    let chats = load.finish().await;
    until_drained(&rig, Instant::now()).await;
    let mut found = check(&rig, &chats).await;
    documents::check_all(&rig, uploaded + 1).await;
    every_event_was_published(&rig, &cluster).await;
    chats_completed(&found);
    found.recoveries = vec![drained];
    report(scenario, 1, &found);
    println!(
        "{scenario}: it answered after {:?}, drained {drained:?} later",
        back - ended
    );
    chats_were_unaffected(scenario, &chats, [calm, begun, ended]);
}

/// Waits until what waited in the outbox at that moment is published and every document that had
/// been accepted is indexed. Returns how long after the moment that was.
pub(super) async fn until_drained(rig: &Rig, moment: Instant) -> Duration {
    let database = &rig.setup.database;
    let last = database
        .number("SELECT coalesce(max(id), 0) AS n FROM outbox")
        .await;
    let versions: String = database
        .texts("SELECT coalesce(max(id::text), '') AS t FROM document_versions")
        .await
        .concat();
    let waiting = format!(
        "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL AND id <= {last})
             + (SELECT count(*) FROM document_versions
                WHERE status = 'received' AND id::text <= '{versions}') AS n"
    );
    until_within(DRAIN, "the backlog is gone", || async {
        tokio::time::sleep(LOOK).await;
        database.number(&waiting).await == 0
    })
    .await;
    moment.elapsed()
}

/// Every event that counts as published is in the log, whatever happened to the brokers.
pub(super) async fn every_event_was_published(rig: &Rig, cluster: &Cluster) {
    let log = KafkaLog::new(KafkaSettings {
        topic_prefix: rig.setup.topic_prefix().to_owned(),
        ..settings(cluster)
    });
    let mut found: HashSet<String> = HashSet::new();
    let mut records = 0;
    for topic in topics::ALL {
        for partition in 0..log.partitions(topic).await.unwrap() {
            let values = read(&log, topic, partition).await;
            records += values.len();
            found.extend(values.iter().map(|value| {
                let envelope: serde_json::Value = serde_json::from_slice(value).unwrap();
                envelope["event_id"].as_str().unwrap().to_owned()
            }));
        }
    }
    let query = "SELECT event_id::text AS t FROM outbox";
    let events = rig.setup.database.texts(query).await;
    let lost = events.iter().filter(|event| !found.contains(*event));
    assert_eq!(lost.count(), 0, "of {} events", events.len());
    println!("{} events, {records} records of them", events.len());
}

/// Everything that a partition holds. A call that fails is repeated, as a consumer repeats it.
pub(super) async fn read(log: &KafkaLog, topic: &str, partition: i32) -> Vec<Vec<u8>> {
    let deadline = Instant::now() + KAFKA_DEADLINE * 3;
    loop {
        match read_once(log, topic, partition).await {
            Ok(values) => return values,
            Err(error) => assert!(Instant::now() < deadline, "{topic} {partition}: {error}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn read_once(log: &KafkaLog, topic: &str, partition: i32) -> Result<Vec<Vec<u8>>, BusError> {
    let end = log.end_offset(topic, partition).await?;
    let mut values = Vec::new();
    let mut offset = 0;
    while offset < end {
        let wait = Duration::from_secs(5);
        let fetched = log.fetch(topic, partition, offset, wait).await?;
        offset = fetched.last().map_or(offset, |record| record.offset + 1);
        values.extend(fetched.into_iter().map(|record| record.value));
    }
    Ok(values)
}

pub(super) fn settings(cluster: &Cluster) -> KafkaSettings {
    KafkaSettings {
        brokers: cluster.brokers().split(',').map(str::to_owned).collect(),
        topic_prefix: PROBE_PREFIX.into(),
        partitions: 6,
        replication_factor: i16::try_from(cluster.len()).unwrap(),
        request_timeout: KAFKA_DEADLINE,
        security: KafkaSecurity::default(),
    }
}

/// How many chats were asked in this time, and their p99 of the first token and of whole turns.
fn p99(chats: &[Chat], from: Instant, to: Instant) -> (usize, Duration, Duration) {
    let asked = chats.iter().filter(|c| c.begun >= from && c.begun < to);
    let (mut first, mut whole): (Vec<Duration>, Vec<Duration>) = asked
        .filter_map(|chat| Some((chat.first_delta?, chat.took)))
        .unzip();
    first.sort();
    whole.sort();
    let count = first.len();
    assert!(count > 0, "nobody asked");
    (count, percentile(&first, 99), percentile(&whole, 99))
}

/// No answer was begun anew. Evidence has a deadline of its own, which a machine that starts brokers
/// may miss in sight; it has nothing to do with Kafka.
pub(super) fn chats_completed(found: &Findings) {
    assert_eq!(found.ended("completed"), found.chats, "{:?}", found.ends);
    assert_eq!(found.restarts, 0, "no live stream is touched");
}

fn chats_were_unaffected(scenario: &str, chats: &[Chat], [calm, begun, ended]: [Instant; 3]) {
    let (before, first_before, turn_before) = p99(chats, calm, begun);
    let (during, first, turn) = p99(chats, begun, ended);
    println!(
        "{scenario}: p99 of the first token {first_before:?} -> {first:?}, \
         of a turn {turn_before:?} -> {turn:?} ({before} and {during} chats)"
    );
    for chat in chats {
        assert!(chat.took < KAFKA_DEADLINE, "waited for Kafka: {chat:?}");
    }
    if before.min(during) >= ENOUGH_CHATS {
        assert!(first.as_secs_f64() <= first_before.as_secs_f64() * 1.1);
        assert!(turn.as_secs_f64() <= turn_before.as_secs_f64() * 1.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_restarted() {
    let length = length(2, 10);
    outage("Kafka restarted (SIGTERM)", Outage::Stopped, length).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_down() {
    let length = length(3, 300);
    outage("Kafka down (SIGKILL)", Outage::Killed, length).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_silent() {
    let length = length(3, 60);
    outage("Kafka silent (SIGSTOP)", Outage::Frozen, length).await;
}
