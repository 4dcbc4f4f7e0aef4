//! Rate limits that survive the loss of Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::{Cache, CacheError, InProcessCache, RateDecision, StoredEvent};
use crate::domain::ids::TurnId;

/// A cache whose limits fall back to this process while the primary is away: then each replica
/// counts for itself, which is looser but still a limit. Other calls return the error.
pub struct Resilient {
    primary: Arc<dyn Cache>,
    local: InProcessCache,
    degraded: AtomicBool,
    fallbacks: AtomicU64,
}

impl Resilient {
    /// Wraps the primary cache.
    pub fn new(primary: Arc<dyn Cache>, local: InProcessCache) -> Self {
        Self {
            primary,
            local,
            degraded: AtomicBool::new(false),
            fallbacks: AtomicU64::new(0),
        }
    }

    /// Decisions made without the primary.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Ordering::Relaxed)
    }

    /// Whether the last decision was made without the primary.
    pub fn is_degraded(&self) -> bool {
        self.degraded.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Cache for Resilient {
    async fn allow(
        &self,
        scope_key_hash: &str,
        limit_per_minute: u32,
    ) -> Result<RateDecision, CacheError> {
        match self.primary.allow(scope_key_hash, limit_per_minute).await {
            Ok(decision) => {
                if self.degraded.swap(false, Ordering::Relaxed) {
                    tracing::info!("rate limits are shared again");
                }
                Ok(decision)
            }
            Err(error) => {
                self.fallbacks.fetch_add(1, Ordering::Relaxed);
                if !self.degraded.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "rate limits are this replica's own for now");
                }
                self.local.allow(scope_key_hash, limit_per_minute).await
            }
        }
    }

    async fn append_events(&self, turn: TurnId, events: &[StoredEvent]) -> Result<(), CacheError> {
        self.primary.append_events(turn, events).await
    }

    async fn read_events(
        &self,
        turn: TurnId,
        after_seq: Option<u64>,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, CacheError> {
        self.primary.read_events(turn, after_seq, wait).await
    }

    async fn get_embedding(&self, key: &str) -> Result<Option<Vec<f32>>, CacheError> {
        self.primary.get_embedding(key).await
    }

    async fn put_embedding(&self, key: &str, vector: &[f32]) -> Result<(), CacheError> {
        self.primary.put_embedding(key, vector).await
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.primary.ping().await
    }
}
