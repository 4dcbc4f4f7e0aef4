//! The cache of one process: for `demo`, for tests, and for rate limits while Redis is unavailable.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use moka::sync::Cache as Bounded;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Cache, CacheError, CacheLimits, READ_LIMIT, RateDecision, StoredEvent, gcra};
use crate::domain::ids::TurnId;

/// The most scopes whose budget is kept.
const MAX_SCOPES: u64 = 100_000;
/// The most turns whose events are kept.
const MAX_TURNS: u64 = 1_024;
/// The most embeddings that are kept: about 8 MB at 384 dimensions.
const MAX_EMBEDDINGS: u64 = 4_096;

#[derive(Default)]
struct Turn {
    events: Mutex<VecDeque<StoredEvent>>,
    appended: Notify,
}

/// A bounded cache whose entries expire, and which ends with its process.
pub struct InProcessCache {
    limits: CacheLimits,
    started: Instant,
    arrivals: Bounded<String, Arc<Mutex<f64>>>,
    turns: Bounded<TurnId, Arc<Turn>>,
    embeddings: Bounded<String, Arc<[f32]>>,
}

impl InProcessCache {
    /// Creates an empty cache.
    pub fn new(limits: CacheLimits) -> Self {
        Self {
            started: Instant::now(),
            arrivals: Bounded::builder()
                .max_capacity(MAX_SCOPES)
                .time_to_idle(Duration::from_mins(2))
                .build(),
            turns: Bounded::builder()
                .max_capacity(MAX_TURNS)
                .time_to_idle(limits.stream_ttl)
                .build(),
            embeddings: Bounded::builder()
                .max_capacity(MAX_EMBEDDINGS)
                .time_to_live(limits.embedding_ttl)
                .build(),
            limits,
        }
    }

    fn turn(&self, turn: TurnId) -> Arc<Turn> {
        self.turns.get_with(turn, Arc::default)
    }
}

impl Turn {
    fn append(&self, new: &[StoredEvent], max: usize) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        for event in new {
            let follows = events
                .back()
                .is_none_or(|last| event.seq > last.seq && event.generation >= last.generation);
            if !follows {
                continue;
            }
            if events.len() >= max {
                events.pop_front();
            }
            events.push_back(event.clone());
        }
    }

    fn after(&self, seq: Option<u64>) -> Vec<StoredEvent> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let start = seq.map_or(0, |seq| events.partition_point(|event| event.seq <= seq));
        events
            .iter()
            .skip(start)
            .take(READ_LIMIT)
            .cloned()
            .collect()
    }
}

#[async_trait]
impl Cache for InProcessCache {
    async fn allow(
        &self,
        scope_key_hash: &str,
        limit_per_minute: u32,
    ) -> Result<RateDecision, CacheError> {
        let arrival = self
            .arrivals
            .get_with_by_ref(scope_key_hash, || Arc::new(Mutex::new(0.0)));
        let mut arrival = arrival.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = self.started.elapsed().as_secs_f64() * 1_000.0;
        let (next, decision) = gcra::decide(*arrival, now_ms, limit_per_minute);
        if let Some(next) = next {
            *arrival = next;
        }
        Ok(decision)
    }

    async fn append_events(&self, turn: TurnId, events: &[StoredEvent]) -> Result<(), CacheError> {
        let turn = self.turn(turn);
        turn.append(events, self.limits.max_events);
        turn.appended.notify_waiters();
        Ok(())
    }

    async fn read_events(
        &self,
        turn: TurnId,
        after_seq: Option<u64>,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, CacheError> {
        let turn = self.turn(turn);
        let deadline = Instant::now() + wait;
        loop {
            let appended = turn.appended.notified();
            tokio::pin!(appended);
            // Registers before it looks, so that no append is missed in between.
            appended.as_mut().enable();
            let events = turn.after(after_seq);
            if !events.is_empty() || tokio::time::timeout_at(deadline, appended).await.is_err() {
                return Ok(events);
            }
        }
    }

    async fn get_embedding(&self, key: &str) -> Result<Option<Vec<f32>>, CacheError> {
        Ok(self.embeddings.get(key).map(|vector| vector.to_vec()))
    }

    async fn put_embedding(&self, key: &str, vector: &[f32]) -> Result<(), CacheError> {
        self.embeddings.insert(key.to_owned(), vector.into());
        Ok(())
    }

    async fn ping(&self) -> Result<(), CacheError> {
        Ok(())
    }
}
