//! The turns that run here, and the cache from which other replicas read their events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::end::reconnect;
use super::feed::Feed;
use crate::cache::{Cache, CacheError};
use crate::domain::ids::TurnId;
use crate::persistence::Database;
use crate::safety::Contacts;
use crate::shutdown::Shutdown;

/// The sources of a listener's events.
pub(in crate::orchestrator) struct Hub {
    pub database: Database,
    pub cache: Arc<dyn Cache>,
    /// The contacts for an answer that does not come.
    pub contacts: Arc<Contacts>,
    pub shutdown: Shutdown,
    running: Mutex<HashMap<TurnId, Arc<Feed>>>,
}

/// Lets listeners find a feed until this is dropped. A panic drops it as well, so its listeners
/// always learn of an end.
pub(in crate::orchestrator) struct Registration<'a> {
    hub: &'a Hub,
    feed: Arc<Feed>,
}

impl Hub {
    pub fn new(
        database: Database,
        cache: Arc<dyn Cache>,
        contacts: Arc<Contacts>,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            database,
            cache,
            contacts,
            shutdown,
            running: Mutex::default(),
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<TurnId, Arc<Feed>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the feed of a turn that runs here.
    pub fn find(&self, turn: TurnId) -> Option<Arc<Feed>> {
        self.running().get(&turn).cloned()
    }

    /// Returns the feeds of all turns that run here.
    pub fn feeds(&self) -> Vec<Arc<Feed>> {
        self.running().values().cloned().collect()
    }

    /// Lets listeners find this feed.
    pub fn register(&self, feed: Arc<Feed>) -> Registration<'_> {
        self.running().insert(feed.turn, Arc::clone(&feed));
        Registration { hub: self, feed }
    }

    /// Copies new events to the cache. Without a cache, resuming falls back to the stored end.
    pub async fn flush(&self, feed: &Feed) {
        let (events, count) = feed.unflushed();
        if events.is_empty() {
            return;
        }
        match self.cache.append_events(feed.turn, &events).await {
            Ok(()) => feed.mark_flushed(count),
            Err(error) => {
                tracing::debug!(turn.id = %feed.turn, error = %error, "events not cached");
            }
        }
    }

    /// Returns the number of the turn's last event in the cache, or 0.
    pub async fn last_number(&self, turn: TurnId) -> Result<u64, CacheError> {
        let mut last = None;
        loop {
            let events = self.cache.read_events(turn, last, Duration::ZERO).await?;
            match events.last() {
                Some(event) => last = Some(event.seq),
                None => return Ok(last.unwrap_or_default()),
            }
        }
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        let mut running = self.hub.running();
        // A later generation may have replaced this feed.
        if running
            .get(&self.feed.turn)
            .is_some_and(|feed| Arc::ptr_eq(feed, &self.feed))
        {
            running.remove(&self.feed.turn);
        }
        drop(running);
        // Nothing follows a terminal event; without one the turn continues elsewhere.
        self.feed.publish(&reconnect(self.feed.turn));
    }
}
