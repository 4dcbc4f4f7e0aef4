//! The cache: rate limits, the events of running turns, query embeddings. Redis only here, and an
//! in-process twin behind the same [`Cache`].
//!
//! Keys are ids and hashes, never text. Nothing in here is the only copy of anything.

mod fallback;
mod gcra;
mod in_process;
mod redis;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use fallback::Resilient;
pub use in_process::InProcessCache;
pub use redis::{RedisCache, RedisSettings};

use crate::domain::event::EventName;
use crate::domain::ids::TurnId;

/// The most events one read returns, and so the most that a slow reader holds on to.
pub const READ_LIMIT: usize = 64;

/// Why the cache did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// No answer before the deadline.
    #[error("the cache did not answer in time")]
    Timeout,
    /// The server is gone or refused.
    #[error("the cache is unavailable: {0}")]
    Unavailable(String),
    /// What was stored is not what was expected.
    #[error("the cache holds something unexpected: {0}")]
    Corrupt(&'static str),
}

/// One event of a turn, as it is replayed to clients that come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvent {
    pub generation: i32,
    /// Strictly increasing within the turn, over all of its generations.
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
    /// Requests that would pass right now.
    pub remaining: u32,
}

/// How large things may grow and how long they live, for every implementation.
#[derive(Clone, Debug)]
pub struct CacheLimits {
    /// Events kept of one turn; the oldest go first.
    pub max_events: usize,
    /// How long a turn's events outlive its last one.
    pub stream_ttl: Duration,
    /// How long an embedding is kept.
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

/// What both roles keep outside the database. Every call has a deadline.
#[async_trait]
pub trait Cache: Send + Sync {
    /// Takes one request from a scope's budget: `limit_per_minute` at once, refilled evenly.
    async fn allow(
        &self,
        scope_key_hash: &str,
        limit_per_minute: u32,
    ) -> Result<RateDecision, CacheError>;
    /// Appends events in order. Those already stored (`seq` not above the last one's) and those
    /// of an older generation than the last one's are left out: generations never interleave.
    async fn append_events(&self, turn: TurnId, events: &[StoredEvent]) -> Result<(), CacheError>;
    /// Events after `after_seq`, oldest first, at most [`READ_LIMIT`]; waits up to `wait` for one.
    async fn read_events(
        &self,
        turn: TurnId,
        after_seq: Option<u64>,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, CacheError>;
    /// The embedding stored under a hash.
    async fn get_embedding(&self, key: &str) -> Result<Option<Vec<f32>>, CacheError>;
    /// Stores an embedding under a hash.
    async fn put_embedding(&self, key: &str, vector: &[f32]) -> Result<(), CacheError>;
    /// Whether the cache answers.
    async fn ping(&self) -> Result<(), CacheError>;
}
