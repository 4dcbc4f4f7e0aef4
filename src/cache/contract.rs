//! The interface that every cache implements, and the types it speaks in.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::event::EventName;
use crate::domain::ids::TurnId;

/// The most events that one read returns, which bounds the memory of a slow reader.
pub const READ_LIMIT: usize = 64;

/// The reason why a call to the cache failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// The cache did not answer before the deadline.
    #[error("the cache did not answer in time")]
    Timeout,
    /// The server is gone or refused the call.
    #[error("the cache is unavailable: {0}")]
    Unavailable(String),
    /// The stored value has an unexpected form.
    #[error("the cache contains an unexpected value: {0}")]
    Corrupt(&'static str),
}

/// One event of a turn, in the form that clients get when they resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvent {
    pub generation: i32,
    /// Strictly increases within the turn, across all of its generations.
    pub seq: u64,
    pub name: EventName,
    pub data: String,
}

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateDecision {
    pub allowed: bool,
    /// Zero if allowed.
    pub retry_after: Duration,
    /// The number of requests that would pass right now.
    pub remaining: u32,
}

/// The sizes and lifetimes that every implementation respects.
#[derive(Clone, Debug)]
pub struct CacheLimits {
    /// The most events kept for one turn; the oldest go first.
    pub max_events: usize,
    /// How long a turn's events stay after the last one.
    pub stream_ttl: Duration,
    /// How long an embedding stays.
    pub embedding_ttl: Duration,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            max_events: 4_096,
            stream_ttl: Duration::from_mins(15),
            embedding_ttl: Duration::from_hours(24),
        }
    }
}

/// The state that both roles keep outside the database. Every call has a deadline.
#[async_trait]
pub trait Cache: Send + Sync {
    /// Takes one request from a scope's budget, which holds `limit_per_minute` and refills evenly.
    async fn allow(
        &self,
        scope_key_hash: &str,
        limit_per_minute: u32,
    ) -> Result<RateDecision, CacheError>;
    /// Appends events in order. It skips events that are already stored (`seq` not above the last
    /// one's) and events of an older generation than the last one's, so generations never
    /// interleave.
    async fn append_events(&self, turn: TurnId, events: &[StoredEvent]) -> Result<(), CacheError>;
    /// Returns up to [`READ_LIMIT`] events after `after_seq`, oldest first; waits up to `wait` for
    /// one.
    async fn read_events(
        &self,
        turn: TurnId,
        after_seq: Option<u64>,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, CacheError>;
    /// Returns the embedding stored under a hash.
    async fn get_embedding(&self, key: &str) -> Result<Option<Vec<f32>>, CacheError>;
    /// Stores an embedding under a hash.
    async fn put_embedding(&self, key: &str, vector: &[f32]) -> Result<(), CacheError>;
    /// Checks that the cache answers.
    async fn ping(&self) -> Result<(), CacheError>;
}
