//! Follows the events of a turn for one reader: from the running turn, else from the cache, else
//! from the stored end.
//!
//! The running turn and the cache hold the events as they were sent. A reader who may not read all
//! of them now gets the stored end instead, from which the database removes the rest.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::time::sleep;

use super::end::{failure, reconnect};
use super::hub::Hub;
use super::replay::{MAX_SEQ, REPLAYED, numbered, replay};
use crate::cache::StoredEvent;
use crate::domain::access::Principal;
use crate::domain::event::EventName;
use crate::domain::ids::TurnId;
use crate::orchestrator::config::PATIENCE;
use crate::persistence::patiently;
use crate::persistence::turns::{self, StoredTurn};

/// How long one read of the cache waits for new events.
const CACHE_WAIT: Duration = Duration::from_secs(2);
/// The pause between two looks at the database when the cache cannot be waited on.
const CALM: Duration = Duration::from_millis(500);
/// The number of failures of the database in a row before the client is sent elsewhere.
const MAX_FAILURES: u8 = 10;

/// Whether a client may name this number as its last event.
pub(in crate::orchestrator) fn is_number(seq: u64) -> bool {
    seq <= MAX_SEQ
}

/// Streams the events after `last` that the reader may see, wherever the turn runs, and ends with
/// exactly one terminal event.
pub(in crate::orchestrator) fn events(
    hub: Arc<Hub>,
    reader: Principal,
    stored: &StoredTurn,
    last: Option<u64>,
    request_id: String,
) -> BoxStream<'static, StoredEvent> {
    let turn = stored.id;
    let running = hub.find(turn);
    let origin = match running {
        _ if !stored.intact => Origin::Stored,
        Some(feed) if last.is_none_or(|last| last < REPLAYED) => {
            Origin::Feed(feed.listen(last).boxed())
        }
        _ => Origin::Cache,
    };
    let follow = Follow::new(hub, reader, stored, origin, last, request_id);
    stream::unfold(follow, async |mut follow| {
        let event = follow.next().await?;
        Some((event, follow))
    })
    .boxed()
}

/// The source of the events.
enum Origin {
    /// The turn runs here.
    Feed(BoxStream<'static, StoredEvent>),
    /// The cache, with the stored end as a fallback.
    Cache,
    /// The stored end only.
    Stored,
}

/// Whether an event may be shown.
enum Clearance {
    Shown,
    /// The event belongs to an abandoned generation; a later one begins with `restart`.
    Void,
    Withheld,
}

/// Follows a turn for one reader.
struct Follow {
    hub: Arc<Hub>,
    reader: Principal,
    turn: TurnId,
    request_id: String,
    origin: Origin,
    /// The generation whose sources the reader may all read.
    cleared: Option<i32>,
    last: Option<u64>,
    /// Set once the turn has ended: the cache gets no more events.
    finished: bool,
    failures: u8,
    ready: std::vec::IntoIter<StoredEvent>,
    ended: bool,
}

impl Follow {
    pub fn new(
        hub: Arc<Hub>,
        reader: Principal,
        stored: &StoredTurn,
        origin: Origin,
        last: Option<u64>,
        request_id: String,
    ) -> Self {
        let finished = stored.status.is_terminal();
        Self {
            hub,
            reader,
            turn: stored.id,
            request_id,
            origin,
            // Until its sources are stored, there is nothing to check.
            cleared: (finished || stored.sources.is_some()).then_some(stored.generation),
            last,
            finished,
            failures: 0,
            ready: Vec::new().into_iter(),
            ended: false,
        }
    }

    pub async fn next(&mut self) -> Option<StoredEvent> {
        while !self.ended {
            if let Some(event) = self.ready.next() {
                match self.clearance(&event).await {
                    Clearance::Shown => {}
                    Clearance::Void => {
                        self.last = Some(event.seq);
                        continue;
                    }
                    Clearance::Withheld => {
                        self.origin = Origin::Stored;
                        self.ready = Vec::new().into_iter();
                        continue;
                    }
                }
                self.ended = event.name.ends_stream();
                self.last = Some(event.seq);
                return Some(event);
            }
            if let Origin::Feed(events) = &mut self.origin {
                let next = events.next().await;
                self.ended = next.is_none();
                self.ready = Vec::from_iter(next).into_iter();
                continue;
            }
            let hub = Arc::clone(&self.hub);
            let more = tokio::select! {
                more = self.more() => more,
                () = hub.shutdown.closing() => self.reconnect(),
            };
            self.ready = more.into_iter();
        }
        None
    }

    /// Checks the reader's access once per generation, just before its first text or passages are
    /// shown; its sources are stored by then.
    async fn clearance(&mut self, event: &StoredEvent) -> Clearance {
        // A replay is made of what the database has just returned to this reader.
        if event.seq > REPLAYED || !event.name.tells_content() {
            return Clearance::Shown;
        }
        if self.cleared < Some(event.generation) {
            let find = || turns::find(&self.hub.database, &self.reader, self.turn);
            match patiently(PATIENCE, find).await {
                Ok(Some(stored)) if stored.intact => self.cleared = Some(stored.generation),
                _ => return Clearance::Withheld,
            }
        }
        match self.cleared.cmp(&Some(event.generation)) {
            Ordering::Equal => Clearance::Shown,
            // The end of the turn must not be missed.
            Ordering::Greater if !event.name.is_terminal() => Clearance::Void,
            _ => Clearance::Withheld,
        }
    }

    /// Returns more events. An empty result means that the caller asks again, or that all events
    /// were seen.
    async fn more(&mut self) -> Vec<StoredEvent> {
        if matches!(self.origin, Origin::Stored) {
            sleep(if self.finished { Duration::ZERO } else { CALM }).await;
            return self.stored().await;
        }
        let wait = if self.finished {
            Duration::ZERO
        } else {
            CACHE_WAIT
        };
        let cached = self.hub.cache.read_events(self.turn, self.last, wait).await;
        let nothing = cached.as_ref().is_ok_and(Vec::is_empty);
        let events = unbroken(cached.unwrap_or_default(), self.last);
        if !events.is_empty() {
            return events;
        }
        if !nothing {
            // Events are missing, or there is no cache to wait on.
            sleep(if self.finished { Duration::ZERO } else { CALM }).await;
        }
        self.stored().await
    }

    async fn stored(&mut self) -> Vec<StoredEvent> {
        let found = turns::find(&self.hub.database, &self.reader, self.turn).await;
        let stored = match found {
            Ok(Some(stored)) => stored,
            Ok(None) => return self.give_up("deleted"),
            // The turn may continue, but this replica cannot tell where and how it ends.
            Err(_) if self.failures >= MAX_FAILURES => return self.reconnect(),
            Err(error) => {
                tracing::warn!(turn.id = %self.turn, error = %error, "resuming waits");
                self.failures += 1;
                sleep(CALM).await;
                return Vec::new();
            }
        };
        self.failures = 0;
        if !stored.status.is_terminal() {
            return Vec::new();
        }
        if !self.finished {
            // The last events may still be on their way into the cache.
            self.finished = true;
            sleep(CALM).await;
            return Vec::new();
        }
        if self.has_seen_the_end().await {
            self.ended = true;
            return Vec::new();
        }
        let contacts = &self.hub.contacts;
        replay(&stored, self.last, &self.request_id, contacts)
    }

    /// Whether the client's last event is the terminal one.
    async fn has_seen_the_end(&mut self) -> bool {
        let Some(last) = self.last else {
            return false;
        };
        let cache = &self.hub.cache;
        let event = cache
            .read_events(self.turn, last.checked_sub(1), Duration::ZERO)
            .await;
        event.is_ok_and(|events| {
            events
                .first()
                .is_some_and(|event| event.seq == last && event.name.is_terminal())
        })
    }

    fn reconnect(&self) -> Vec<StoredEvent> {
        numbered(1, self.last, vec![reconnect(self.turn)])
    }

    fn give_up(&self, reason: &str) -> Vec<StoredEvent> {
        let contacts = &self.hub.contacts;
        let event = failure(self.turn, Some(reason), &self.request_id, contacts);
        numbered(1, self.last, vec![event])
    }
}

/// Returns the events up to the first gap, because a cache that failed over may have lost some.
/// Only `restart` may follow a gap, since it voids everything before it.
fn unbroken(mut events: Vec<StoredEvent>, mut last: Option<u64>) -> Vec<StoredEvent> {
    let follows = |event: &&StoredEvent| {
        let next = last.map_or(0, |last| last.saturating_add(1));
        last = Some(event.seq);
        event.seq == next || event.name == EventName::Restart
    };
    let count = events.iter().take_while(follows).count();
    events.truncate(count);
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, name: EventName) -> StoredEvent {
        StoredEvent {
            generation: 1,
            seq,
            name,
            data: "{}".into(),
        }
    }

    fn numbers(events: &[StoredEvent]) -> Vec<u64> {
        events.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn what_follows_a_gap_is_not_shown() {
        let delta = |seq| event(seq, EventName::Delta);
        let unbroken = |events: &[StoredEvent], last| numbers(&unbroken(events.to_vec(), last));
        let lost = [delta(26), delta(27), delta(42), delta(43)];
        assert_eq!(unbroken(&lost, Some(25)), [26, 27]);
        assert!(unbroken(&lost, Some(24)).is_empty());
        assert!(unbroken(&lost, Some(41)).is_empty());
        assert_eq!(unbroken(&[delta(0), delta(1), delta(3)], None), [0, 1]);
        let again = [
            delta(26),
            event(10_026, EventName::Restart),
            delta(10_027),
            delta(10_029),
        ];
        assert_eq!(unbroken(&again, Some(25)), [26, 10_026, 10_027]);
        assert_eq!(unbroken(&again[1..], Some(7)), [10_026, 10_027]);
    }
}
