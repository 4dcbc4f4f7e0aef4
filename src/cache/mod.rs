//! The cache for rate limits, the events of running turns, and query embeddings. Only this module
//! uses Redis; an in-process twin implements the same [`Cache`].
//!
//! Keys are ids and hashes, never text. The cache never holds the only copy of anything.

mod contract;
mod fallback;
mod gcra;
mod in_process;
mod redis;
#[cfg(test)]
mod tests;

pub use contract::{Cache, CacheError, CacheLimits, READ_LIMIT, RateDecision, StoredEvent};
pub use fallback::Resilient;
pub use in_process::InProcessCache;
pub use redis::{RedisCache, RedisSettings};
