use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::fakes::{START, TOPIC, envelope, log, until};
use crate::domain::messaging::{
    Envelope, LeftOut, OutboxRecord, OutboxStore, Publish, Relayed, StoreError,
};
use crate::messaging::{
    BusError, FetchedRecord, InProcessLog, Log, OutboxRelay, Record, RelaySettings, partition_for,
};

#[derive(Default)]
struct MemoryOutbox {
    waiting: Mutex<Vec<OutboxRecord>>,
    down: AtomicBool,
}

#[async_trait]
impl OutboxStore for Arc<MemoryOutbox> {
    async fn relay_batch(
        &self,
        limit: i64,
        left_out: &LeftOut,
        publish: &(dyn Publish + '_),
    ) -> Result<Relayed, StoreError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(StoreError("down".into()));
        }
        let mut batch = self.waiting.lock().unwrap().clone();
        batch.retain(|r| !left_out.topics.contains(&r.topic) && !left_out.ids.contains(&r.id));
        batch.truncate(usize::try_from(limit).unwrap());
        let ids = publish.publish(&batch).await;
        let mut waiting = self.waiting.lock().unwrap();
        waiting.retain(|record| !ids.contains(&record.id));
        Ok(Relayed {
            read: batch.len(),
            published: ids.len(),
        })
    }

    async fn written(&self) {
        std::future::pending::<()>().await;
    }

    async fn pending(&self) -> Result<i64, StoreError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(StoreError("down".into()));
        }
        Ok(i64::try_from(self.waiting.lock().unwrap().len()).unwrap())
    }
}

fn outbox(count: i64) -> Arc<MemoryOutbox> {
    let outbox = MemoryOutbox::default();
    *outbox.waiting.lock().unwrap() = (0..count)
        .map(|id| OutboxRecord {
            id,
            topic: TOPIC.into(),
            envelope: envelope("key", &id.to_string()),
        })
        .collect();
    Arc::new(outbox)
}

/// A log of two partitions, one of which may refuse appends.
struct Refusing {
    log: InProcessLog,
    /// The partition that refuses, or -1.
    refused: AtomicI32,
    /// Whether that partition also refuses reads.
    silent: AtomicBool,
    refusals: AtomicU32,
}

impl Refusing {
    fn new(key: &str) -> Arc<Self> {
        Arc::new(Self {
            log: log(2, 100),
            refused: AtomicI32::new(partition_for(key, 2)),
            silent: AtomicBool::new(true),
            refusals: AtomicU32::new(0),
        })
    }

    fn recovers(&self) {
        self.refused.store(-1, Ordering::Relaxed);
    }

    async fn kinds(&self, key: &str) -> Vec<String> {
        kinds(&self.log, partition_for(key, 2)).await
    }

    fn check(&self, partition: i32) -> Result<(), BusError> {
        if self.refused.load(Ordering::Relaxed) == partition {
            return Err(BusError::Timeout);
        }
        Ok(())
    }
}

#[async_trait]
impl Log for Refusing {
    async fn ensure_topics(&self) -> Result<(), BusError> {
        self.log.ensure_topics().await
    }

    async fn partitions(&self, topic: &str) -> Result<i32, BusError> {
        self.log.partitions(topic).await
    }

    async fn append(
        &self,
        topic: &str,
        partition: i32,
        records: Vec<Record>,
    ) -> Result<(), BusError> {
        if let Err(error) = self.check(partition) {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            return Err(error);
        }
        self.log.append(topic, partition, records).await
    }

    async fn fetch(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_wait: Duration,
    ) -> Result<Vec<FetchedRecord>, BusError> {
        self.log.fetch(topic, partition, offset, max_wait).await
    }

    async fn end_offset(&self, topic: &str, partition: i32) -> Result<i64, BusError> {
        if self.silent.load(Ordering::Relaxed) {
            self.check(partition)?;
        }
        self.log.end_offset(topic, partition).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.log.ping().await
    }
}

async fn kinds(log: &InProcessLog, partition: i32) -> Vec<String> {
    let records = log.fetch(TOPIC, partition, START, Duration::ZERO).await;
    let envelopes = records.unwrap().into_iter();
    envelopes
        .map(|record| serde_json::from_slice::<Envelope>(&record.value).unwrap())
        .map(|envelope| envelope.kind)
        .collect()
}

/// Two keys on different partitions.
const AWAY: &str = "key";
fn near() -> &'static str {
    ["a", "b", "c", "d", "e", "f"]
        .into_iter()
        .find(|key| partition_for(key, 2) != partition_for(AWAY, 2))
        .unwrap()
}

/// Rows `0..count`: four of the unavailable partition, then one of the other, and so on.
fn mixed(count: i64) -> Arc<MemoryOutbox> {
    let outbox = outbox(count);
    for record in outbox.waiting.lock().unwrap().iter_mut() {
        let key = if record.id % 5 == 4 { near() } else { AWAY };
        record.envelope = envelope(key, &record.id.to_string());
    }
    outbox
}

fn settings() -> RelaySettings {
    RelaySettings {
        batch: 3,
        poll: Duration::from_millis(5),
        idle: Duration::from_millis(5),
        backoff_max: Duration::from_millis(20),
    }
}

#[tokio::test]
async fn draining_publishes_everything_in_order() {
    let log = Arc::new(log(4, 100));
    let relay = OutboxRelay::new(outbox(8), Arc::clone(&log) as Arc<dyn Log>, settings());
    assert_eq!(relay.drain_once().await.unwrap(), 8);
    assert_eq!(relay.drain_once().await.unwrap(), 0);
    let kinds = kinds(&log, partition_for("key", 4)).await;
    assert_eq!(kinds, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn running_survives_errors_and_stops() {
    let store = outbox(2);
    store.down.store(true, Ordering::Relaxed);
    let relay = OutboxRelay::new(Arc::clone(&store), Arc::new(log(1, 9)), settings());
    let stats = relay.stats();
    let cancel = CancellationToken::new();
    tokio::join!(relay.run(cancel.clone()), async {
        until(|| stats.errors() > 1).await;
        store.down.store(false, Ordering::Relaxed);
        until(|| stats.published() == 2).await;
        cancel.cancel();
    });
}

#[tokio::test(start_paused = true)]
async fn a_refusing_partition_delays_no_other_and_receives_nothing_twice() {
    let log = Refusing::new(AWAY);
    let outbox = mixed(20);
    let relay = OutboxRelay::new(
        Arc::clone(&outbox),
        Arc::clone(&log) as Arc<dyn Log>,
        settings(),
    );
    assert_eq!(relay.drain_once().await.unwrap(), 4);
    for _ in 0..9 {
        tokio::time::advance(Duration::from_millis(20)).await;
        assert_eq!(relay.drain_once().await.unwrap(), 0);
    }
    assert_eq!(log.kinds(near()).await, ["4", "9", "14", "19"]);
    assert_eq!(log.refusals.load(Ordering::Relaxed), 1);
    assert_eq!(relay.stats().errors(), 10);

    log.recovers();
    tokio::time::advance(Duration::from_millis(20)).await;
    assert_eq!(relay.drain_once().await.unwrap(), 16);
    assert_eq!(log.kinds(near()).await, ["4", "9", "14", "19"]);
    let all = log.kinds(AWAY).await;
    let ids: Vec<u32> = all.iter().map(|kind| kind.parse().unwrap()).collect();
    assert_eq!(ids.len(), 16);
    assert!(ids.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_read_only_partition_is_retried_less_and_less_often() {
    let log = Refusing::new(AWAY);
    log.silent.store(false, Ordering::Relaxed);
    let relay = OutboxRelay::new(mixed(5), Arc::clone(&log) as Arc<dyn Log>, settings());
    for _ in 0..200 {
        relay.drain_once().await.unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    // The pauses are 5 ms, 10 ms, and then 20 ms each.
    let refusals = log.refusals.load(Ordering::Relaxed);
    assert!((9..=12).contains(&refusals), "{refusals}");
    assert_eq!(log.kinds(near()).await, ["4"]);
}

/// A broker that fails one request only.
#[tokio::test(start_paused = true)]
async fn rows_behind_a_failure_do_not_overtake() {
    let log = Refusing::new(AWAY);
    let outbox = outbox(9);
    let relay = OutboxRelay::new(outbox, Arc::clone(&log) as Arc<dyn Log>, settings());
    let left_out = relay.publisher.left_out();
    let first = relay.store.relay_batch(3, &left_out, &relay.publisher);
    assert_eq!(first.await.unwrap().published, 0);
    log.recovers();
    assert_eq!(relay.drain_once().await.unwrap(), 0);
    assert!(log.kinds(AWAY).await.is_empty());
    tokio::time::advance(Duration::from_millis(5)).await;
    assert_eq!(relay.drain_once().await.unwrap(), 9);
    let all = log.kinds(AWAY).await;
    assert_eq!(all, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[tokio::test]
async fn a_topic_that_is_missing_holds_up_no_other() {
    let outbox = outbox(12);
    for record in outbox.waiting.lock().unwrap().iter_mut().take(9) {
        record.topic = "nowhere".into();
    }
    let log = Arc::new(log(1, 9));
    let relay = OutboxRelay::new(
        Arc::clone(&outbox),
        Arc::clone(&log) as Arc<dyn Log>,
        settings(),
    );
    assert_eq!(relay.drain_once().await.unwrap(), 3);
    assert_eq!(kinds(&log, 0).await, ["9", "10", "11"]);
    assert_eq!(outbox.waiting.lock().unwrap().len(), 9);
}
