//! Moves outbox rows to the log, one relay at a time, in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{BusError, Log, Record, backoff, is_worth_telling, partition_for};
use crate::domain::messaging::{OutboxRecord, OutboxStore, Publish, StoreError};

/// The most bytes in one append: a broker takes about 1 MiB in one request by default, and what it
/// refuses would block all that follows.
const APPEND_BYTES: usize = 768 * 1024;

/// Publishes outbox records: the partition comes from the key, order is kept per partition.
pub struct LogPublisher {
    log: Arc<dyn Log>,
}

impl LogPublisher {
    /// A publisher onto this log.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log }
    }

    async fn group(
        &self,
        records: &[OutboxRecord],
    ) -> Result<BTreeMap<(String, i32), Vec<Record>>, StoreError> {
        let mut sizes: BTreeMap<&str, i32> = BTreeMap::new();
        let mut groups: BTreeMap<(String, i32), Vec<Record>> = BTreeMap::new();
        for record in records {
            let size = if let Some(size) = sizes.get(record.topic.as_str()) {
                *size
            } else {
                let size = self
                    .log
                    .partitions(&record.topic)
                    .await
                    .map_err(|error| store(&error))?;
                sizes.insert(&record.topic, size);
                size
            };
            let value = serde_json::to_vec(&record.envelope)
                .map_err(|_| StoreError("an envelope cannot be encoded".into()))?;
            let key = record.envelope.key.clone();
            groups
                .entry((record.topic.clone(), partition_for(&key, size)))
                .or_default()
                .push(Record { key, value });
        }
        Ok(groups)
    }
}

#[async_trait]
impl Publish for LogPublisher {
    async fn publish(&self, records: &[OutboxRecord]) -> Result<(), StoreError> {
        let appends = self.group(records).await?.into_iter().map(
            |((topic, partition), records)| async move {
                for batch in batches(records) {
                    self.log.append(&topic, partition, batch).await?;
                }
                Ok(())
            },
        );
        // All of them, not the first error: what was stored twice is dropped by the consumers.
        join_all(appends)
            .await
            .into_iter()
            .collect::<Result<(), BusError>>()
            .map_err(|error| store(&error))
    }
}

/// The records in their order, together no larger than one append may be.
fn batches(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    let mut bytes = 0;
    for record in records {
        bytes += record.value.len();
        match batches.last_mut() {
            Some(batch) if bytes <= APPEND_BYTES => batch.push(record),
            _ => {
                bytes = record.value.len();
                batches.push(vec![record]);
            }
        }
    }
    batches
}

fn store(error: &BusError) -> StoreError {
    StoreError(error.to_string())
}

/// How the relay works.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Rows in one batch.
    pub batch: i64,
    /// How long to wait for a wake-up before looking by itself.
    pub poll: Duration,
    /// The longest wait after errors.
    pub backoff_max: Duration,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            batch: 200,
            poll: Duration::from_millis(200),
            backoff_max: Duration::from_secs(10),
        }
    }
}

/// Counters of a relay, for metrics.
#[derive(Debug, Default)]
pub struct RelayStats {
    published: AtomicU64,
    errors: AtomicU64,
    pending: AtomicI64,
}

impl RelayStats {
    /// Records published.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// Batches that failed.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Rows that waited when last counted.
    pub fn pending(&self) -> i64 {
        self.pending.load(Ordering::Relaxed)
    }
}

/// Publishes the outbox.
pub struct OutboxRelay<S: OutboxStore> {
    store: S,
    publisher: LogPublisher,
    settings: RelaySettings,
    wake: Arc<Notify>,
    stats: Arc<RelayStats>,
}

impl<S: OutboxStore> OutboxRelay<S> {
    /// A relay from this store to this log.
    pub fn new(store: S, log: Arc<dyn Log>, settings: RelaySettings) -> Self {
        Self {
            store,
            publisher: LogPublisher::new(log),
            settings,
            wake: Arc::new(Notify::new()),
            stats: Arc::default(),
        }
    }

    /// Whoever commits an outbox row may call `notify_one` on this to have it sent at once.
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// The counters.
    pub fn stats(&self) -> Arc<RelayStats> {
        Arc::clone(&self.stats)
    }

    /// Publishes until nothing waits (or another relay is at work); returns how many.
    pub async fn drain_once(&self) -> Result<usize, StoreError> {
        self.drain(&CancellationToken::new()).await
    }

    /// Runs until cancelled. A batch that was begun is finished: its calls have deadlines.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut failures: u32 = 0;
        while !cancel.is_cancelled() {
            let wait = match self.drain(&cancel).await {
                Ok(_) => {
                    if failures > 0 {
                        tracing::info!(relay.failures = failures, "outbox relay works again");
                    }
                    failures = 0;
                    self.count_pending().await;
                    self.settings.poll
                }
                Err(error) => {
                    failures += 1;
                    self.stats.errors.fetch_add(1, Ordering::Relaxed);
                    if is_worth_telling(failures) {
                        tracing::warn!(%error, relay.failures = failures, "outbox relay failed");
                    }
                    backoff(self.settings.poll, self.settings.backoff_max, failures)
                }
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                // While the bus is down, new rows are no reason to try sooner.
                () = self.wake.notified(), if failures == 0 => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn drain(&self, cancel: &CancellationToken) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let published = self
                .store
                .relay_batch(self.settings.batch, &self.publisher)
                .await?;
            total += published;
            self.stats
                .published
                .fetch_add(u64::try_from(published).unwrap_or(0), Ordering::Relaxed);
            if published == 0 || cancel.is_cancelled() {
                return Ok(total);
            }
        }
    }

    async fn count_pending(&self) {
        if let Ok(pending) = self.store.pending().await {
            self.stats.pending.store(pending, Ordering::Relaxed);
        }
    }
}
