//! Appends outbox records to the log, and remembers the places where this fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::future::join_all;
use tokio::time::Instant;

use super::failures::{backoff, is_worth_telling};
use super::{BusError, Log, Record, RelaySettings, RelayStats, partition_for};
use crate::domain::messaging::{LeftOut, OutboxRecord, Publish};

/// The most bytes in one append. A broker accepts about 1 MiB per request by default, and a refused
/// request would block all later ones.
const APPEND_BYTES: usize = 768 * 1024;
/// The most rows that are skipped one by one. Beyond them, the rows behind wait as well.
const MAX_LEFT_OUT: usize = 10_000;

/// Publishes outbox records. The key chooses the partition, and each partition keeps its order.
///
/// After a failed append, the rows of that partition rest. The current batch stores no later rows
/// of it, and the next batches skip them, so that other rows get through. After a growing pause the
/// partition is asked for its end, apart from the batches, so that a silent broker neither delays a
/// batch nor receives the same records again and again. Once it answers, all its rows return
/// together and in order. A topic whose partitions cannot be found rests as a whole.
pub(super) struct LogPublisher {
    log: Arc<dyn Log>,
    settings: RelaySettings,
    stats: Arc<RelayStats>,
    failing: Mutex<BTreeMap<Place, Failing>>,
}

/// The destination of rows whose order matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    topic: String,
    /// The partition; `None` for a whole topic whose partitions cannot be found.
    partition: Option<i32>,
}

/// A place whose last append failed.
struct Failing {
    failures: u32,
    state: State,
    /// Rows that batches must skip until the place is tried again.
    left_out: Vec<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The place rests; it is asked again at this time.
    Resting(Instant),
    /// The place answered; the next batch tries it.
    Answered,
    /// The place's rows are in the batches again.
    Trying,
}

impl LogPublisher {
    pub(super) fn new(log: Arc<dyn Log>, settings: RelaySettings, stats: Arc<RelayStats>) -> Self {
        Self {
            log,
            settings,
            stats,
            failing: Mutex::default(),
        }
    }

    /// Returns the rows that the next batch must skip. Places that answered are tried from now on.
    pub(super) fn left_out(&self) -> LeftOut {
        let mut left_out = LeftOut::default();
        for (place, failing) in self.lock().iter_mut() {
            if failing.state == State::Answered {
                failing.state = State::Trying;
                failing.left_out.clear();
            }
            left_out.ids.extend(&failing.left_out);
            if place.partition.is_none() && failing.state != State::Trying {
                left_out.topics.push(place.topic.clone());
            }
        }
        left_out
    }

    /// Whether more rows can be skipped.
    pub(super) fn has_room(&self) -> bool {
        room(&self.lock()) > 0
    }

    /// Asks the places whose pause is over.
    pub(super) async fn ask_resting(&self) {
        let now = Instant::now();
        let due: Vec<Place> = self
            .lock()
            .iter()
            .filter(|(_, failing)| matches!(failing.state, State::Resting(until) if until <= now))
            .map(|(place, _)| place.clone())
            .collect();
        join_all(due.iter().map(|place| self.ask(place))).await;
    }

    async fn ask(&self, place: &Place) {
        let answer = match place.partition {
            Some(partition) => self.log.end_offset(&place.topic, partition).await,
            None => self.log.partitions(&place.topic).await.map(i64::from),
        };
        match answer {
            Ok(_) => {
                if let Some(failing) = self.lock().get_mut(place) {
                    failing.state = State::Answered;
                }
            }
            Err(error) => self.failed(place, &[], &error),
        }
    }

    /// Returns the number of partitions of each topic that answered.
    async fn sizes(&self, records: &[OutboxRecord]) -> BTreeMap<String, i32> {
        let topics: BTreeSet<&str> = records.iter().map(|r| r.topic.as_str()).collect();
        let sizes = topics.into_iter().map(async |topic| {
            let place = Place {
                topic: topic.to_owned(),
                partition: None,
            };
            match self.log.partitions(topic).await {
                Ok(size) => {
                    self.works(&place);
                    Some((place.topic, size))
                }
                Err(error) => {
                    self.failed(&place, &[], &error);
                    None
                }
            }
        });
        join_all(sizes).await.into_iter().flatten().collect()
    }

    /// Appends in order up to the first failure; returns the ids of the stored rows.
    async fn append(&self, place: Place, partition: i32, records: Vec<&OutboxRecord>) -> Vec<i64> {
        let mut ids: Vec<i64> = records.iter().map(|record| record.id).collect();
        if self.rests(&place, &ids) {
            return Vec::new();
        }
        let mut stored = 0;
        let outcome = async {
            for batch in batches(records)? {
                let count = batch.len();
                self.log.append(&place.topic, partition, batch).await?;
                stored += count;
            }
            Ok(())
        };
        match outcome.await {
            Ok(()) => self.works(&place),
            Err(error) => self.failed(&place, &ids.split_off(stored), &error),
        }
        ids
    }

    /// Whether a place must not be tried; its rows are then skipped.
    fn rests(&self, place: &Place, ids: &[i64]) -> bool {
        let mut all = self.lock();
        let room = room(&all);
        let resting = all.get_mut(place).filter(|f| f.state != State::Trying);
        resting.is_some_and(|failing| {
            failing.left_out.extend(ids.iter().take(room));
            true
        })
    }

    fn failed(&self, place: &Place, ids: &[i64], error: &BusError) {
        self.stats.count_error();
        let mut all = self.lock();
        let room = room(&all);
        let failing = all.entry(place.clone()).or_insert(Failing {
            failures: 0,
            state: State::Trying,
            left_out: Vec::new(),
        });
        failing.failures = failing.failures.saturating_add(1);
        failing.left_out.extend(ids.iter().take(room));
        let (first, longest) = (self.settings.poll, self.settings.backoff_max);
        let pause = backoff(first, longest, failing.failures);
        failing.state = State::Resting(Instant::now() + pause);
        if is_worth_telling(failing.failures) {
            tracing::warn!(
                %error,
                topic = place.topic,
                partition = place.partition,
                relay.failures = failing.failures,
                "outbox relay failed"
            );
        }
    }

    fn works(&self, place: &Place) {
        if let Some(failing) = self.lock().remove(place) {
            tracing::info!(
                topic = place.topic,
                partition = place.partition,
                relay.failures = failing.failures,
                "outbox relay works again"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Place, Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Publish for LogPublisher {
    async fn publish(&self, records: &[OutboxRecord]) -> Vec<i64> {
        let sizes = self.sizes(records).await;
        let mut groups: BTreeMap<(&str, i32), Vec<&OutboxRecord>> = BTreeMap::new();
        for record in records {
            if let Some(size) = sizes.get(&record.topic) {
                let partition = partition_for(&record.envelope.key, *size);
                let group = groups.entry((&record.topic, partition)).or_default();
                group.push(record);
            }
        }
        let appends = groups.into_iter().map(|((topic, partition), records)| {
            let place = Place {
                topic: topic.to_owned(),
                partition: Some(partition),
            };
            self.append(place, partition, records)
        });
        join_all(appends).await.into_iter().flatten().collect()
    }
}

fn room(all: &BTreeMap<Place, Failing>) -> usize {
    let rows = all.values().map(|failing| failing.left_out.len()).sum();
    MAX_LEFT_OUT.saturating_sub(rows)
}

/// Splits the records, in order, into batches that fit into one append.
fn batches(records: Vec<&OutboxRecord>) -> Result<Vec<Vec<Record>>, BusError> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    let mut bytes = 0;
    for OutboxRecord { envelope, .. } in records {
        let value = serde_json::to_vec(envelope)
            .map_err(|_| BusError::Unavailable("an envelope cannot be encoded".into()))?;
        let record = Record {
            key: envelope.key.clone(),
            value,
        };
        bytes += record.value.len();
        match batches.last_mut() {
            Some(batch) if bytes <= APPEND_BYTES => batch.push(record),
            _ => {
                bytes = record.value.len();
                batches.push(vec![record]);
            }
        }
    }
    Ok(batches)
}
