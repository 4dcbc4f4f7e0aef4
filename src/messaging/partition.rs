//! Processes one owned partition, strictly one record after the other.

mod decode;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failures::{backoff, is_worth_telling};
use super::store::TimelyStore;
use super::{
    BusError, ConsumerSettings, ConsumerStats, FetchedRecord, Log, Record, dead_letter_topic,
};
use crate::domain::messaging::{Delivery, Fence, Handler, HandlerError, Outcome, StoreError};
use decode::decode;

/// The time between two measurements of the lag.
const LAG_EVERY: Duration = Duration::from_secs(10);
/// The number of attempts that ended with their process, after which a record runs alone. A dead
/// process had a record in progress on each of its busy partitions, and most of these are innocent.
const ALONE_AFTER: u32 = 2;
/// The cause of a dead letter whose record probably killed its processes.
const DIED_OF_IT: &str = "its attempts were used up when the process that made the last one ended";

/// Reads one partition under one lease.
pub(super) struct PartitionLoop {
    pub log: Arc<dyn Log>,
    pub store: Arc<TimelyStore>,
    pub handler: Arc<dyn Handler>,
    pub settings: Arc<ConsumerSettings>,
    pub stats: Arc<ConsumerStats>,
    pub fence: Fence,
    /// Lets one suspect record run at a time. If it kills this process too, the others are not to
    /// blame.
    pub suspects: Arc<Semaphore>,
    /// Stops the loop after the current record.
    pub stop: CancellationToken,
    /// Another member owns the partition, so the current record's work would be in vain.
    pub lost: CancellationToken,
}

/// A record that was started this often by owners that may have died of it.
#[derive(Clone, Copy)]
struct Suspect {
    offset: i64,
    attempts: u32,
}

/// Whether the loop may go on.
#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Stop,
}

/// The result of one attempt.
enum Attempt {
    Done(Outcome),
    /// The record is not at fault; it is tried without limit.
    Wait(String),
    /// The record may be at fault; it is tried a bounded number of times.
    Again(String),
    GiveUp(String),
    Fenced,
}

impl PartitionLoop {
    /// Runs until stopped or fenced. `attempts` counts how often owners that may have died of it
    /// started the record at the offset.
    pub async fn run(&self, mut offset: i64, attempts: u32) {
        let suspect = Suspect { offset, attempts };
        let mut failures = 0;
        let mut lag_at = Instant::now();
        while !self.stop.is_cancelled() {
            let fetch = self.log.fetch(
                &self.fence.topic,
                self.fence.partition,
                offset,
                self.settings.max_wait,
            );
            let fetched = tokio::select! {
                () = self.stop.cancelled() => return,
                fetched = fetch => fetched,
            };
            let flow = match fetched {
                Ok(records) => {
                    failures = 0;
                    self.handle_all(records, suspect, &mut offset).await
                }
                Err(BusError::OutOfRange {
                    earliest,
                    earlier_log,
                }) => match self.skip(offset, earliest, earlier_log).await {
                    Ok(()) => {
                        failures = 0;
                        offset = earliest;
                        Flow::Next
                    }
                    Err(error) => {
                        failures += 1;
                        self.failed(&error, failures).await
                    }
                },
                Err(error) => {
                    failures += 1;
                    self.failed(&error, failures).await
                }
            };
            if flow == Flow::Stop {
                return;
            }
            if Instant::now() >= lag_at {
                self.measure_lag(offset).await;
                lag_at = Instant::now() + LAG_EVERY;
            }
        }
    }

    async fn handle_all(
        &self,
        records: Vec<FetchedRecord>,
        suspect: Suspect,
        offset: &mut i64,
    ) -> Flow {
        for record in records {
            if self.stop.is_cancelled() {
                return Flow::Stop;
            }
            let at = record.offset;
            let before = if at == suspect.offset {
                suspect.attempts
            } else {
                0
            };
            let flow = if before >= ALONE_AFTER {
                self.handle_alone(record, before).await
            } else {
                self.handle(record, before).await
            };
            if flow == Flow::Stop {
                return flow;
            }
            *offset = at + 1;
        }
        Flow::Next
    }

    async fn handle_alone(&self, record: FetchedRecord, before: u32) -> Flow {
        let turn = tokio::select! {
            () = self.stop.cancelled() => return Flow::Stop,
            turn = self.suspects.acquire() => turn,
        };
        let flow = self.handle(record, before).await;
        drop(turn);
        flow
    }

    /// Processes one record to its end: effects or dead letter. `before` counts attempts of other
    /// owners.
    async fn handle(&self, record: FetchedRecord, before: u32) -> Flow {
        let (envelope, undecodable) = decode(&record.value);
        let exhausted = before >= self.settings.max_attempts;
        let hopeless = undecodable.or_else(|| exhausted.then(|| DIED_OF_IT.into()));
        let mut delivery = Delivery {
            envelope,
            offset: record.offset,
            attempt: if exhausted { before } else { before + 1 },
            fence: self.fence.clone(),
        };
        let mut waits = 0;
        loop {
            let attempt = match &hopeless {
                Some(cause) => Attempt::GiveUp(cause.clone()),
                None => self.attempt(&delivery).await,
            };
            let cause = match attempt {
                Attempt::Done(outcome) => {
                    self.stats.count_handled();
                    if outcome == Outcome::Duplicate {
                        self.stats.count_duplicate();
                    }
                    return Flow::Next;
                }
                Attempt::Fenced => return self.fenced(),
                Attempt::Again(cause) if delivery.attempt < self.settings.max_attempts => {
                    self.warn_retry(&delivery, &cause);
                    let flow = self.pause(delivery.attempt).await;
                    delivery.attempt += 1;
                    if flow == Flow::Stop {
                        return flow;
                    }
                    continue;
                }
                Attempt::Again(cause) | Attempt::GiveUp(cause) => {
                    match self.give_up(&delivery, &record, &cause).await {
                        Ok(()) => return Flow::Next,
                        // The failure of the table may also have stopped the handler, so the
                        // handler gets another chance.
                        Err(error) => error.to_string(),
                    }
                }
                Attempt::Wait(cause) => {
                    // The record is not at fault, even if this process ends meanwhile.
                    let _ = self.note_attempts(&delivery, delivery.attempt - 1).await;
                    cause
                }
            };
            waits += 1;
            self.warn_retry(&delivery, &cause);
            if self.pause(waits).await == Flow::Stop {
                return Flow::Stop;
            }
        }
    }

    /// Skips the first attempt: the next owner of a lost partition assumes it, and most records
    /// have no second one.
    async fn note_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<(), StoreError> {
        if delivery.attempt == 1 {
            return Ok(());
        }
        self.store.note_attempts(delivery, attempts).await
    }

    async fn attempt(&self, delivery: &Delivery) -> Attempt {
        if let Err(error) = self.note_attempts(delivery, delivery.attempt).await {
            return Attempt::Wait(error.to_string());
        }
        let call = AssertUnwindSafe(self.handler.handle(delivery.clone())).catch_unwind();
        let call = tokio::time::timeout(self.settings.handle_timeout, call);
        let outcome = tokio::select! {
            () = self.lost.cancelled() => return Attempt::Fenced,
            outcome = call => outcome,
        };
        match outcome {
            Ok(Ok(Ok(outcome))) => Attempt::Done(outcome),
            Ok(Ok(Err(HandlerError::Unavailable(cause)))) => Attempt::Wait(cause),
            Ok(Ok(Err(HandlerError::Retry(cause)))) => Attempt::Again(cause),
            Ok(Ok(Err(HandlerError::Reject(cause)))) => Attempt::GiveUp(cause),
            Ok(Ok(Err(HandlerError::Fenced))) => Attempt::Fenced,
            Ok(Err(_)) => Attempt::Again("the handler panicked".into()),
            Err(_) => Attempt::Again("the handler exceeded its deadline".into()),
        }
    }

    /// Informs the handler, stores the dead letter and advances, then copies the record to the
    /// dead-letter topic as far as possible.
    async fn give_up(
        &self,
        delivery: &Delivery,
        record: &FetchedRecord,
        cause: &str,
    ) -> Result<(), StoreError> {
        // Past the time to live the lease is lost anyway.
        let told = tokio::time::timeout(self.settings.ttl, self.handler.give_up(delivery));
        told.await
            .map_err(|_| StoreError("the handler did not give up in time".into()))??;
        self.store.dead_letter(delivery, cause).await?;
        self.stats.count_dead_letter();
        tracing::error!(
            consumer.group = self.fence.group,
            topic = self.fence.topic,
            partition = self.fence.partition,
            offset = delivery.offset,
            event_id = %delivery.envelope.event_id,
            attempts = delivery.attempt,
            cause,
            "record moved to the dead letters"
        );
        let copy = Record {
            key: delivery.envelope.key.clone(),
            value: record.value.clone(),
        };
        let topic = dead_letter_topic(&self.fence.topic);
        if let Err(error) = self.log.append(&topic, 0, vec![copy]).await {
            tracing::warn!(%error, topic, "dead letter not copied to its topic");
        }
        Ok(())
    }

    /// Skips records that the log no longer has, and always logs it.
    async fn skip(&self, from: i64, earliest: i64, earlier_log: bool) -> Result<(), StoreError> {
        let cause = if earlier_log {
            "the in-process log starts again with the process"
        } else {
            "the log no longer has the records before its earliest offset"
        };
        self.store.skip_to(&self.fence, earliest, cause).await?;
        if earlier_log {
            tracing::info!(
                topic = self.fence.topic,
                partition = self.fence.partition,
                offset = earliest,
                "new log"
            );
        } else {
            self.stats.count_gap();
            tracing::error!(
                consumer.group = self.fence.group,
                topic = self.fence.topic,
                partition = self.fence.partition,
                offset.from = from,
                offset.to = earliest,
                "gap: records were lost before they were read"
            );
        }
        Ok(())
    }

    async fn failed(&self, error: &(dyn std::error::Error + Sync), failures: u32) -> Flow {
        self.stats.count_error();
        if is_worth_telling(failures) {
            tracing::warn!(
                %error,
                topic = self.fence.topic,
                partition = self.fence.partition,
                failures,
                "reading failed"
            );
        }
        self.pause(failures).await
    }

    fn warn_retry(&self, delivery: &Delivery, cause: &str) {
        self.stats.count_retry();
        tracing::warn!(
            topic = self.fence.topic,
            partition = self.fence.partition,
            offset = delivery.offset,
            event_id = %delivery.envelope.event_id,
            attempt = delivery.attempt,
            cause,
            "record will be tried again"
        );
    }

    fn fenced(&self) -> Flow {
        self.stats.count_fenced();
        tracing::warn!(
            topic = self.fence.topic,
            partition = self.fence.partition,
            epoch = self.fence.epoch,
            "partition lost to another member"
        );
        Flow::Stop
    }

    async fn pause(&self, failures: u32) -> Flow {
        let wait = backoff(
            self.settings.retry_initial,
            self.settings.retry_max,
            failures,
        );
        tokio::select! {
            () = self.stop.cancelled() => Flow::Stop,
            () = tokio::time::sleep(wait) => Flow::Next,
        }
    }

    async fn measure_lag(&self, offset: i64) {
        let end = self.log.end_offset(&self.fence.topic, self.fence.partition);
        let end = tokio::select! {
            () = self.stop.cancelled() => return,
            end = end => end,
        };
        if let Ok(end) = end {
            self.stats.set_lag(self.fence.partition, Some(end - offset));
        }
    }
}
