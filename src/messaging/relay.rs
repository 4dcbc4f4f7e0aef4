//! Moves outbox rows to the log in order; one relay runs at a time.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::failures::{backoff, is_worth_telling};
use super::publisher::LogPublisher;
use super::{Log, RelaySettings, RelayStats};
use crate::domain::messaging::{OutboxStore, StoreError};

/// Publishes the outbox to the log.
pub struct OutboxRelay<S: OutboxStore> {
    pub(super) store: S,
    pub(super) publisher: LogPublisher,
    settings: RelaySettings,
    stats: Arc<RelayStats>,
}

impl<S: OutboxStore> OutboxRelay<S> {
    /// Creates a relay from this store to this log.
    pub fn new(store: S, log: Arc<dyn Log>, settings: RelaySettings) -> Self {
        let stats = Arc::<RelayStats>::default();
        Self {
            store,
            publisher: LogPublisher::new(log, settings.clone(), Arc::clone(&stats)),
            settings,
            stats,
        }
    }

    /// The counters.
    pub fn stats(&self) -> Arc<RelayStats> {
        Arc::clone(&self.stats)
    }

    /// Publishes until only rows wait that cannot be published now, or until another relay works;
    /// returns how many rows were published.
    pub async fn drain_once(&self) -> Result<usize, StoreError> {
        self.publisher.ask_resting().await;
        self.drain(&CancellationToken::new()).await
    }

    /// Runs until cancelled. It finishes a started batch, whose calls have deadlines.
    pub async fn run(&self, cancel: CancellationToken) {
        tokio::select! {
            () = self.publish_waiting(&cancel) => {}
            // Runs beside the batch, because a silent broker is recognised only after a while.
            () = self.ask_resting() => {}
        }
    }

    async fn ask_resting(&self) {
        loop {
            self.publisher.ask_resting().await;
            tokio::time::sleep(self.settings.poll).await;
        }
    }

    async fn publish_waiting(&self, cancel: &CancellationToken) {
        let mut failures: u32 = 0;
        while !cancel.is_cancelled() {
            let wait = match self.drain(cancel).await {
                Ok(_) => {
                    if failures > 0 {
                        tracing::info!(relay.failures = failures, "outbox relay works again");
                    }
                    failures = 0;
                    self.settings.idle
                }
                Err(error) => {
                    failures += 1;
                    self.stats.count_error();
                    if is_worth_telling(failures) {
                        tracing::warn!(%error, relay.failures = failures, "outbox relay failed");
                    }
                    backoff(self.settings.poll, self.settings.backoff_max, failures)
                }
            };
            let works = failures == 0;
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.worth_a_look(), if works => {}
            }
        }
    }

    /// Resolves once a batch may be worth its cost: rows were added, or still wait.
    async fn worth_a_look(&self) {
        if self.stats.pending() == 0 {
            self.store.written().await;
        }
        tokio::time::sleep(self.settings.poll).await;
    }

    async fn drain(&self, cancel: &CancellationToken) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let pending = self.store.pending().await?;
            self.stats.set_pending(pending);
            if pending == 0 {
                return Ok(total);
            }
            let left_out = self.publisher.left_out();
            let relayed = self
                .store
                .relay_batch(self.settings.batch, &left_out, &self.publisher)
                .await?;
            total += relayed.published;
            self.stats
                .count_published(u64::try_from(relayed.published).unwrap_or(0));
            // Rows that were read but not published are skipped in the next batch, while there is
            // room.
            let goes_on = relayed.published > 0 || self.publisher.has_room();
            let all = i64::try_from(relayed.published).is_ok_and(|published| published >= pending);
            if all {
                self.stats.set_pending(0);
            }
            if all || relayed.read == 0 || !goes_on || cancel.is_cancelled() {
                return Ok(total);
            }
        }
    }
}
