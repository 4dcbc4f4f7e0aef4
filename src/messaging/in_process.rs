//! A bounded in-memory log for `demo` and tests; it ends with its process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::log::{BusError, FetchedRecord, Log, Record, all_topics, check_sizes};

/// The most bytes in one fetch, unless the first record alone is larger.
const FETCH_BYTES: usize = 4 * 1024 * 1024;

/// The limits of the in-process log.
#[derive(Clone, Debug)]
pub struct InProcessSettings {
    /// Partitions of each topic.
    pub partitions: i32,
    /// The records kept in each partition. The oldest are dropped first, which consumers see as a
    /// gap.
    pub capacity: usize,
    /// The first offset: microseconds since 1970 at start, so that it is above every offset that an
    /// earlier process stored.
    pub first_offset: i64,
}

impl InProcessSettings {
    /// Creates the settings of a log that starts now.
    pub fn starting_now(partitions: i32) -> Self {
        Self {
            partitions,
            capacity: 65_536,
            first_offset: crate::domain::time::now().timestamp_micros(),
        }
    }
}

#[derive(Default)]
struct Partition {
    records: Mutex<Records>,
    appended: Notify,
}

#[derive(Default)]
struct Records {
    earliest: i64,
    values: VecDeque<Vec<u8>>,
}

impl Records {
    fn end(&self) -> i64 {
        self.earliest
            .saturating_add(i64::try_from(self.values.len()).unwrap_or(i64::MAX))
    }
}

impl Partition {
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The in-process [`Log`].
pub struct InProcessLog {
    topics: HashMap<String, Vec<Arc<Partition>>>,
    settings: InProcessSettings,
}

impl InProcessLog {
    /// Creates an empty log with the product's topics.
    pub fn new(settings: InProcessSettings) -> Self {
        let topics = all_topics(settings.partitions)
            .into_iter()
            .map(|(topic, count)| {
                let partitions = (0..count)
                    .map(|_| {
                        let partition = Partition::default();
                        partition.lock().earliest = settings.first_offset;
                        Arc::new(partition)
                    })
                    .collect();
                (topic, partitions)
            })
            .collect();
        Self { topics, settings }
    }

    fn partition(&self, topic: &str, partition: i32) -> Result<&Arc<Partition>, BusError> {
        self.topics
            .get(topic)
            .zip(usize::try_from(partition).ok())
            .and_then(|(all, index)| all.get(index))
            .ok_or_else(|| BusError::Unknown(format!("{topic}/{partition}")))
    }

    fn read(&self, partition: &Partition, offset: i64) -> Result<Vec<FetchedRecord>, BusError> {
        let records = partition.lock();
        let skip = usize::try_from(offset - records.earliest).ok();
        let Some(skip) = skip.filter(|_| offset <= records.end()) else {
            return Err(BusError::OutOfRange {
                earliest: records.earliest,
                earlier_log: offset < self.settings.first_offset || offset > records.end(),
            });
        };
        let mut bytes = 0;
        Ok(records
            .values
            .iter()
            .skip(skip)
            .zip(offset..)
            .take_while(|(value, at)| {
                bytes += value.len();
                *at == offset || bytes <= FETCH_BYTES
            })
            .map(|(value, at)| FetchedRecord {
                offset: at,
                value: value.clone(),
            })
            .collect())
    }
}

#[async_trait]
impl Log for InProcessLog {
    async fn ensure_topics(&self) -> Result<(), BusError> {
        Ok(())
    }

    async fn partitions(&self, topic: &str) -> Result<i32, BusError> {
        let partitions = self
            .topics
            .get(topic)
            .ok_or_else(|| BusError::Unknown(topic.to_owned()))?;
        Ok(i32::try_from(partitions.len()).unwrap_or(i32::MAX))
    }

    async fn append(
        &self,
        topic: &str,
        partition: i32,
        records: Vec<Record>,
    ) -> Result<(), BusError> {
        check_sizes(&records)?;
        let partition = self.partition(topic, partition)?;
        {
            let mut stored = partition.lock();
            for record in records {
                if stored.values.len() >= self.settings.capacity {
                    stored.values.pop_front();
                    stored.earliest += 1;
                }
                stored.values.push_back(record.value);
            }
        }
        partition.appended.notify_waiters();
        Ok(())
    }

    async fn fetch(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_wait: Duration,
    ) -> Result<Vec<FetchedRecord>, BusError> {
        let partition = self.partition(topic, partition)?;
        let deadline = tokio::time::Instant::now() + max_wait;
        loop {
            let appended = partition.appended.notified();
            tokio::pin!(appended);
            // Registers before it looks, so that no append is missed in between.
            appended.as_mut().enable();
            let records = self.read(partition, offset)?;
            if !records.is_empty() {
                return Ok(records);
            }
            if tokio::time::timeout_at(deadline, appended).await.is_err() {
                return Ok(Vec::new());
            }
        }
    }

    async fn end_offset(&self, topic: &str, partition: i32) -> Result<i64, BusError> {
        Ok(self.partition(topic, partition)?.lock().end())
    }

    async fn ping(&self) -> Result<(), BusError> {
        Ok(())
    }
}
