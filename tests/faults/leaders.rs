//! Leaders move in a cluster of three while people chat, documents arrive and a probe appends.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chatbot::domain::messaging::topics::TURN_EVENTS;
use chatbot::messaging::{KafkaLog, Log, Record};
use rustix::process::Signal;
use tokio::task::JoinSet;

use super::broker::{
    KAFKA_DEADLINE, PROBE_PREFIX, Uploads, chats_completed, clients, every_event_was_published,
    read, settings, system, until_drained,
};
use super::chat::Load;
use super::check::check;
use super::documents;
use super::faults;
use super::report::report;
use super::rig::Rig;
use crate::support::broker::{Cluster, Extra, Place};
use crate::support::until_within;

const NODES: usize = 3;
/// Brokers that start take much of a small machine.
const MOST_CLIENTS: usize = 20;
/// Between two appends of the probe to one partition.
const PACE: Duration = Duration::from_millis(20);
/// An append goes on this long after its leader moved.
const GAP: Duration = Duration::from_secs(5);

/// One append that a broker confirmed, its repetitions included.
#[derive(Clone, Copy)]
struct Append {
    partition: i32,
    begun: Instant,
    ended: Instant,
}

/// Appends to every partition until told to stop, and remembers when each append was confirmed.
struct Probe {
    log: Arc<KafkaLog>,
    stop: Arc<AtomicBool>,
    appends: Arc<Mutex<Vec<Append>>>,
    tasks: JoinSet<()>,
}

impl Probe {
    async fn start(log: KafkaLog) -> Self {
        let partitions = Cell::new(0);
        let known = || async {
            let created = log.ensure_topics().await.is_ok();
            partitions.set(log.partitions(TURN_EVENTS).await.unwrap_or_default());
            created && partitions.get() > 0
        };
        until_within(Duration::from_mins(1), "the topics are there", known).await;
        let mut probe = Self {
            log: Arc::new(log),
            stop: Arc::default(),
            appends: Arc::default(),
            tasks: JoinSet::new(),
        };
        for partition in 0..partitions.get() {
            let log = Arc::clone(&probe.log);
            let stop = Arc::clone(&probe.stop);
            let appends = Arc::clone(&probe.appends);
            probe.tasks.spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let begun = Instant::now();
                    append(&log, partition, number).await;
                    appends.lock().unwrap().push(Append {
                        partition,
                        begun,
                        ended: Instant::now(),
                    });
                    tokio::time::sleep(PACE).await;
                }
            });
        }
        probe
    }

    fn partitions(&self) -> Vec<i32> {
        (0..).take(self.tasks.len()).collect()
    }

    /// Whether each of these partitions has an append that began later and was confirmed.
    fn wrote_since(&self, since: Instant, partitions: &[i32]) -> bool {
        let appends = self.appends.lock().unwrap();
        partitions.iter().all(|partition| {
            let mut latest = appends.iter().rev();
            latest.any(|a| a.partition == *partition && a.begun > since)
        })
    }

    /// The longest append of a partition that ran in this time.
    fn longest(&self, partition: i32, from: Instant, to: Instant) -> Duration {
        let appends = self.appends.lock().unwrap();
        appends
            .iter()
            .filter(|a| a.partition == partition && a.ended >= from && a.begun <= to)
            .map(|a| a.ended - a.begun)
            .max()
            .expect("appends went on")
    }

    /// Every confirmed append is there, in order; one that was repeated may be there twice.
    async fn nothing_is_lost(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        for partition in 0..self.log.partitions(TURN_EVENTS).await.unwrap() {
            let values = read(&self.log, TURN_EVENTS, partition).await;
            let mut numbers: Vec<usize> = values
                .iter()
                .map(|value| std::str::from_utf8(value).unwrap().parse().unwrap())
                .collect();
            assert!(numbers.is_sorted(), "out of order");
            numbers.dedup();
            let appends = self.appends.lock().unwrap().clone();
            let confirmed = appends.iter().filter(|a| a.partition == partition);
            assert_eq!(numbers.len(), confirmed.count(), "lost");
        }
    }
}

/// As the outbox relay does it: again until it is confirmed.
async fn append(log: &KafkaLog, partition: i32, number: usize) {
    loop {
        let record = Record {
            key: "key".into(),
            value: number.to_string().into_bytes(),
        };
        if log
            .append(TURN_EVENTS, partition, vec![record])
            .await
            .is_ok()
        {
            return;
        }
        tokio::time::sleep(PACE).await;
    }
}

fn of_the_probe(places: &[Place]) -> impl Iterator<Item = &Place> {
    let topic = format!("{PROBE_PREFIX}{TURN_EVENTS}");
    places.iter().filter(move |place| place.topic == topic)
}

/// The partitions of the probe whose leader differs.
fn moved(before: &[Place], after: &[Place]) -> Vec<i32> {
    of_the_probe(before)
        .filter(|place| {
            after.iter().any(|now| {
                (&now.topic, now.partition) == (&place.topic, place.partition)
                    && now.leader != place.leader
            })
        })
        .map(|place| place.partition)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn leaders_move() {
    let count = faults(1);
    let cluster = Cluster::start(NODES).await;
    let mut rig = Rig::start("leader moves", 2, 2, system(&cluster).await).await;
    let probe = Probe::start(KafkaLog::new(settings(&cluster))).await;
    let load = Load::start(&mut rig, clients().min(MOST_CLIENTS));
    let uploads = Uploads::start(&mut rig);
    let (mut gaps, mut partitions) = (Vec::new(), 0);
    for _ in 0..count {
        cluster.until_whole().await;
        let before = cluster.places().await;
        // One that leads: after its return a node leads nothing for a moment.
        let leaders: Vec<i32> = of_the_probe(&before).map(|place| place.leader).collect();
        let leader = leaders[rig.random.below(leaders.len())];
        let node = usize::try_from(leader - 1).unwrap();
        let begun = Instant::now();
        cluster.stop(node).await;
        let elsewhere = before.iter().filter(|place| place.leader == leader).count();
        partitions += elsewhere;
        let away = || async { cluster.places().await.iter().all(|p| p.leader != leader) };
        until_within(KAFKA_DEADLINE, "others lead", away).await;
        let moved = moved(&before, &cluster.places().await);
        // Appends that waited for the move have ended when a later one has.
        let elected = Instant::now();
        let resumed = || async { probe.wrote_since(elected, &moved) };
        until_within(KAFKA_DEADLINE * 3, "appends go on", resumed).await;
        let now = Instant::now();
        gaps.extend(moved.iter().map(|p| probe.longest(*p, begun, now)));
        cluster.start_node(node);
    }
    cluster.until_whole().await;
    let uploaded = uploads.finish().await;
    let chats = load.finish().await;
    until_drained(&rig, Instant::now()).await;
    probe.nothing_is_lost().await;
    let mut found = check(&rig, &chats).await;
    documents::check_all(&rig, uploaded + 1).await;
    every_event_was_published(&rig, &cluster).await;
    chats_completed(&found);
    println!("{partitions} partitions got another leader");
    gaps.sort();
    found.recoveries = gaps;
    report(
        "Kafka's leaders move (SIGTERM of one of three)",
        count,
        &found,
    );
    let longest = found.recoveries.last().unwrap();
    assert!(*longest <= GAP, "{longest:?}");
}

/// A frozen node answers nobody, and its connections stay open: the client must find the new
/// leaders by itself, and its calls to other brokers must go on meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_is_frozen() {
    let quick = Extra {
        settings: "broker.session.timeout.ms=4000\nbroker.heartbeat.interval.ms=500".into(),
        ..Extra::default()
    };
    let cluster = Cluster::start_with(NODES, &quick).await;
    let mut patient = settings(&cluster);
    patient.request_timeout = Duration::from_secs(2);
    let probe = Probe::start(KafkaLog::new(patient)).await;
    let (start, all) = (Instant::now(), probe.partitions());
    let written = || async { probe.wrote_since(start, &all) };
    until_within(KAFKA_DEADLINE, "every partition is written", written).await;
    let before = cluster.places().await;
    let leader = of_the_probe(&before).next().expect("a partition").leader;
    let node = usize::try_from(leader - 1).unwrap();
    cluster.signal(node, Signal::STOP);
    let frozen = Instant::now();
    // The others notice, elect, and every partition is written again.
    let written = || async { probe.wrote_since(frozen, &all) };
    until_within(KAFKA_DEADLINE * 3, "every partition is written", written).await;
    println!("written again after {:?}", frozen.elapsed());
    cluster.signal(node, Signal::CONT);
    probe.nothing_is_lost().await;
}

/// With one copy each, nobody takes over the partitions of a frozen broker; those of the others
/// must not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_broker_holds_up_only_its_own_partitions() {
    let cluster = Cluster::start(NODES).await;
    let mut single = settings(&cluster);
    single.replication_factor = 1;
    single.request_timeout = Duration::from_secs(1);
    let deadline = single.request_timeout;
    let probe = Probe::start(KafkaLog::new(single)).await;
    let (start, all) = (Instant::now(), probe.partitions());
    let written = || async { probe.wrote_since(start, &all) };
    until_within(KAFKA_DEADLINE, "every partition is written", written).await;
    let places = cluster.places().await;
    let (frozen, others): (Vec<&Place>, Vec<&Place>) =
        of_the_probe(&places).partition(|place| place.leader == 1);
    assert!(!frozen.is_empty() && !others.is_empty(), "{places:?}");
    cluster.signal(0, Signal::STOP);
    let begun = Instant::now();
    tokio::time::sleep(deadline * 5).await;
    let end = Instant::now();
    cluster.signal(0, Signal::CONT);
    for place in others {
        let longest = probe.longest(place.partition, begun, end);
        assert!(longest < deadline, "{place:?} waited {longest:?}");
    }
    let held_up: Vec<i32> = frozen.iter().map(|place| place.partition).collect();
    let written = || async { probe.wrote_since(end, &held_up) };
    until_within(KAFKA_DEADLINE, "the thawed broker's are written", written).await;
    probe.nothing_is_lost().await;
}
