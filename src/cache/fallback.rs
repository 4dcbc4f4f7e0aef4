//! A cache that falls back to this process when its primary is unavailable, so that no caller
//! waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Cache, CacheError, InProcessCache, RateDecision, StoredEvent};
use crate::domain::ids::TurnId;

/// How long the primary is skipped after a failure; then one call tries it again.
const PAUSE: Duration = Duration::from_secs(1);

/// Skips its primary for a moment after a failure, because a question must not wait for one
/// deadline after the other. Meanwhile this process decides the limits: each replica counts for
/// itself, which is looser but still a limit. Embeddings never change, so those that this process
/// has seen always come from here. Other calls return the error.
pub struct Resilient {
    primary: Arc<dyn Cache>,
    local: InProcessCache,
    /// The time of the next try; set while the primary is skipped.
    retry_at: watch::Sender<Option<Instant>>,
    fallbacks: AtomicU64,
}

impl Resilient {
    /// Wraps the primary cache.
    pub fn new(primary: Arc<dyn Cache>, local: InProcessCache) -> Self {
        Self {
            primary,
            local,
            retry_at: watch::Sender::default(),
            fallbacks: AtomicU64::new(0),
        }
    }

    /// The number of limits that were decided without the primary.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Ordering::Relaxed)
    }

    /// Whether the primary is skipped.
    #[cfg(test)]
    pub(super) fn is_degraded(&self) -> bool {
        self.retry_at.borrow().is_some()
    }

    /// Changes the time of the next try; returns the previous one.
    fn set_retry_at(
        &self,
        change: impl FnOnce(Option<Instant>) -> Option<Instant>,
    ) -> Option<Instant> {
        let mut before = None;
        self.retry_at.send_modify(|at| {
            before = *at;
            *at = change(before);
        });
        before
    }

    /// Asks the primary, unless it failed a moment ago. A call that waits for the primary gives up
    /// when another call fails. After the pause, one of the waiting calls tries it again.
    async fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        let now = Instant::now();
        let pause = |at: Option<Instant>| at.map(|at| if at <= now { now + PAUSE } else { at });
        if self.set_retry_at(pause).is_some_and(|at| at > now) {
            return Err(CacheError::Unavailable(
                "skipped for a moment after a failure".into(),
            ));
        }
        let mut failed = self.retry_at.subscribe();
        let tries = failed.borrow_and_update().is_some();
        let outcome = tokio::select! {
            biased;
            outcome = call => outcome,
            _ = failed.wait_for(|at| !tries && at.is_some()) => {
                return Err(CacheError::Unavailable("it failed for another call".into()));
            }
        };
        match &outcome {
            Err(error @ (CacheError::Timeout | CacheError::Unavailable(_))) => {
                let next = Instant::now() + PAUSE;
                if self.set_retry_at(|_| Some(next)).is_none() {
                    tracing::warn!(%error, "the cache is unavailable; this replica counts limits itself");
                }
            }
            Ok(_) | Err(CacheError::Corrupt(_)) => {
                if self.set_retry_at(|_| None).is_some() {
                    tracing::info!("the cache is available again");
                }
            }
        }
        outcome
    }
}

#[async_trait]
impl Cache for Resilient {
    async fn allow(
        &self,
        scope_key_hash: &str,
        limit_per_minute: u32,
    ) -> Result<RateDecision, CacheError> {
        let primary = self.primary.allow(scope_key_hash, limit_per_minute);
        if let Ok(decision) = self.ask(primary).await {
            return Ok(decision);
        }
        self.fallbacks.fetch_add(1, Ordering::Relaxed);
        self.local.allow(scope_key_hash, limit_per_minute).await
    }

    async fn append_events(&self, turn: TurnId, events: &[StoredEvent]) -> Result<(), CacheError> {
        self.ask(self.primary.append_events(turn, events)).await
    }

    async fn read_events(
        &self,
        turn: TurnId,
        after_seq: Option<u64>,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, CacheError> {
        let read = self.primary.read_events(turn, after_seq, wait);
        self.ask(read).await
    }

    async fn get_embedding(&self, key: &str) -> Result<Option<Vec<f32>>, CacheError> {
        if let Some(vector) = self.local.get_embedding(key).await? {
            return Ok(Some(vector));
        }
        let vector = self.ask(self.primary.get_embedding(key)).await?;
        if let Some(vector) = &vector {
            self.local.put_embedding(key, vector).await?;
        }
        Ok(vector)
    }

    async fn put_embedding(&self, key: &str, vector: &[f32]) -> Result<(), CacheError> {
        self.local.put_embedding(key, vector).await?;
        self.ask(self.primary.put_embedding(key, vector)).await
    }

    /// Asks the primary itself, because readiness reports it.
    async fn ping(&self) -> Result<(), CacheError> {
        self.primary.ping().await
    }
}
