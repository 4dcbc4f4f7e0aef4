//! Counters of a consumer, read by the metrics endpoint.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The work of a consumer since it started.
#[derive(Debug, Default)]
pub struct ConsumerStats {
    handled: AtomicU64,
    duplicates: AtomicU64,
    takeovers: AtomicU64,
    retries: AtomicU64,
    dead_letters: AtomicU64,
    gaps: AtomicU64,
    fenced: AtomicU64,
    errors: AtomicU64,
    /// The records behind the end, by owned partition.
    lags: Mutex<HashMap<i32, i64>>,
    /// The time when the leases were last renewed.
    renewed: Mutex<Option<Instant>>,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident, $count:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> u64 {
            self.$name.load(Ordering::Relaxed)
        }

        pub(super) fn $count(&self) {
            self.$name.fetch_add(1, Ordering::Relaxed);
        }
    )*};
}

impl ConsumerStats {
    counters! {
        /// Records whose handler succeeded.
        handled, count_handled;
        /// Handled records whose event had been handled before; they had no second effect.
        duplicates, count_duplicate;
        /// Partitions taken from another member.
        takeovers, count_takeover;
        /// Attempts that will be repeated.
        retries, count_retry;
        /// Records moved to the dead letters.
        dead_letters, count_dead_letter;
        /// Skips over records that the log no longer has.
        gaps, count_gap;
        /// Partitions stopped because the lease was lost.
        fenced, count_fenced;
        /// Failures of the bus or of the lease store.
        errors, count_error;
    }

    /// The records behind the end, over all owned partitions.
    pub fn lag(&self) -> i64 {
        self.lags
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .sum()
    }

    /// The number of partitions that this consumer owns.
    pub fn owned(&self) -> usize {
        self.lags
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// The time since the leases were last renewed; zero before the first time. When it reaches the
    /// time to live, other members take the partitions.
    pub fn lease_age(&self) -> Duration {
        self.renewed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .map_or(Duration::ZERO, |renewed| renewed.elapsed())
    }

    pub(super) fn set_renewed(&self, at: Instant) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Sets the lag of a partition, or removes it with `None`.
    pub(super) fn set_lag(&self, partition: i32, lag: Option<i64>) {
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        match lag {
            Some(lag) => lags.insert(partition, lag.max(0)),
            None => lags.remove(&partition),
        };
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
    /// The number of published records.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// The number of failed batches, of a partition or of the database.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// The number of rows that waited at the last count.
    pub fn pending(&self) -> i64 {
        self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn count_published(&self, records: u64) {
        self.published.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn set_pending(&self, rows: i64) {
        self.pending.store(rows, Ordering::Relaxed);
    }

    pub(super) fn count_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}
