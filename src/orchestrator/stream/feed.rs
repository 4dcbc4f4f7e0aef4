//! The events of one running turn, kept for local listeners and copied to the cache for listeners
//! elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::{self, Stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cache::StoredEvent;
use crate::domain::event::{EventName, TurnEvent};
use crate::domain::ids::TurnId;
use crate::http::sse::Frame;

/// The most events of a turn. The cache keeps a few more, so that a resumed turn misses nothing. An
/// answer within the token limit stays far below.
const MAX_EVENTS: usize = 4_000;

/// The most events that a listener takes at once, which bounds the memory of a slow one.
const BATCH: usize = 64;

/// A running turn, in the form that its listeners see.
pub struct Feed {
    pub turn: TurnId,
    pub generation: i32,
    /// Cancelled on the person's request.
    pub cancel: CancellationToken,
    /// Cancelled once this replica has lost the turn's lease.
    pub lost: CancellationToken,
    /// The `seq` of the first event here; above 0 after a takeover.
    first: u64,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    /// Cancelled under the lock of the state, once nothing follows.
    ended: CancellationToken,
}

#[derive(Default)]
struct State {
    events: Vec<Arc<StoredEvent>>,
    /// The number of events that the cache has.
    flushed: usize,
}

impl Feed {
    /// Creates a feed of this generation whose first event has the number `first`.
    pub fn new(turn: TurnId, generation: i32, first: u64) -> Self {
        Self {
            turn,
            generation,
            cancel: CancellationToken::new(),
            lost: CancellationToken::new(),
            first,
            state: Mutex::default(),
            changed: watch::Sender::new(()),
            ended: CancellationToken::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an event. Returns false after too many events; appends nothing after a terminal one.
    pub fn publish(&self, event: &TurnEvent) -> bool {
        let mut state = self.state();
        if self.ended.is_cancelled() {
            return true;
        }
        let name = event.name();
        if state.events.len() >= MAX_EVENTS && !name.ends_stream() {
            return false;
        }
        let seq = self.first + u64::try_from(state.events.len()).unwrap_or(u64::MAX);
        let mut data = event.data().to_string();
        data.shrink_to_fit();
        state.events.push(Arc::new(StoredEvent {
            generation: self.generation,
            seq,
            name,
            data,
        }));
        if name.ends_stream() {
            self.ended.cancel();
        }
        drop(state);
        self.changed.send_replace(());
        true
    }

    /// Waits for the last event, without waking for the ones before it.
    pub async fn end(&self) -> Option<StoredEvent> {
        self.ended.cancelled().await;
        let state = self.state();
        state.events.last().map(|event| StoredEvent::clone(event))
    }

    /// Returns the events that the cache lacks, and the value for [`Feed::mark_flushed`] once it
    /// has them. Until then they are offered again; the cache skips those it has.
    pub fn unflushed(&self) -> (Vec<StoredEvent>, usize) {
        let state = self.state();
        let new = state
            .events
            .get(state.flushed..)
            .unwrap_or_default()
            .iter()
            // `reconnect` is only for the listeners here.
            .filter(|event| event.name != EventName::Reconnect)
            .map(|event| StoredEvent::clone(event))
            .collect();
        (new, state.events.len())
    }

    pub fn mark_flushed(&self, count: usize) {
        let mut state = self.state();
        state.flushed = state.flushed.max(count);
    }

    /// Returns a batch of events from this index on, and whether more can follow the last event.
    fn from(&self, index: usize) -> (Vec<Arc<StoredEvent>>, bool) {
        let state = self.state();
        let new = state.events.iter().skip(index).take(BATCH);
        (new.cloned().collect(), self.ended.is_cancelled())
    }

    /// Streams every event after the number `last`, up to the terminal one.
    pub fn listen(
        self: Arc<Self>,
        last: Option<u64>,
    ) -> impl Stream<Item = StoredEvent> + Send + 'static {
        let next = last.map_or(0, |last| last.saturating_add(1).saturating_sub(self.first));
        let next = usize::try_from(next).unwrap_or(usize::MAX);
        let changed = self.changed.subscribe();
        let ready = Vec::<Arc<StoredEvent>>::new().into_iter();
        let state = (self, changed, next, ready);
        stream::unfold(state, async |(feed, mut changed, mut next, mut ready)| {
            loop {
                if let Some(event) = ready.next() {
                    let event = StoredEvent::clone(&event);
                    return Some((event, (feed, changed, next, ready)));
                }
                changed.mark_unchanged();
                let (new, ended) = feed.from(next);
                if new.is_empty() && (ended || changed.changed().await.is_err()) {
                    return None;
                }
                next = next.saturating_add(new.len());
                ready = new.into_iter();
            }
        })
    }
}

/// Turns an event into a frame with the id `{turn_id}:{seq}`. `reconnect` has no id, so the client
/// resumes from its previous one.
pub fn frame(turn: TurnId, event: StoredEvent) -> Frame {
    let id = (event.name != EventName::Reconnect).then(|| format!("{turn}:{}", event.seq));
    Frame {
        id,
        event: Some(event.name.as_str().to_owned()),
        data: event.data,
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::super::end;
    use super::*;
    use crate::safety::Contacts;

    fn failure(turn: TurnId, reason: Option<&str>, request_id: &str) -> TurnEvent {
        end::failure(turn, reason, request_id, &Contacts::default())
    }

    fn delta(text: &str) -> TurnEvent {
        TurnEvent::Delta {
            text: text.into(),
            grounded: None,
        }
    }

    fn feed() -> Arc<Feed> {
        Arc::new(Feed::new(TurnId::new(), 1, 0))
    }

    async fn numbers(feed: &Arc<Feed>, last: Option<u64>) -> Vec<u64> {
        Arc::clone(feed)
            .listen(last)
            .map(|event| event.seq)
            .collect()
            .await
    }

    #[tokio::test]
    async fn nothing_follows_the_one_terminal_event() {
        let feed = feed();
        feed.publish(&delta("a"));
        feed.publish(&failure(feed.turn, Some("timeout"), "r"));
        feed.publish(&failure(feed.turn, None, "r"));
        feed.publish(&delta("b"));
        assert_eq!(numbers(&feed, None).await, [0, 1]);
        assert_eq!(numbers(&feed, Some(0)).await, [1]);
        // This holds even if the client claims to have seen events that never existed.
        assert!(numbers(&feed, Some(1)).await.is_empty());
        assert!(numbers(&feed, Some(u64::MAX)).await.is_empty());
    }

    #[tokio::test]
    async fn a_listener_waits_for_what_comes() {
        let feed = feed();
        feed.publish(&delta("a"));
        let mut events = Box::pin(Arc::clone(&feed).listen(None));
        assert_eq!(events.next().await.map(|event| event.seq), Some(0));
        assert!(events.next().now_or_never().is_none());
        feed.publish(&failure(feed.turn, None, "r"));
        assert_eq!(events.next().await.map(|event| event.seq), Some(1));
        assert!(events.next().await.is_none());
    }

    #[tokio::test]
    async fn a_later_generation_goes_on_counting() {
        let feed = Arc::new(Feed::new(TurnId::new(), 2, 10));
        feed.publish(&TurnEvent::Restart {
            reason: "takeover".into(),
        });
        feed.publish(&failure(feed.turn, None, "r"));
        assert_eq!(numbers(&feed, Some(4)).await, [10, 11]);
        assert_eq!(numbers(&feed, Some(10)).await, [11]);
    }

    #[tokio::test]
    async fn a_turn_that_goes_on_elsewhere_says_so_here_only() {
        let feed = feed();
        feed.publish(&delta("a"));
        let turn_id = feed.turn;
        feed.publish(&TurnEvent::Reconnect { turn_id });
        feed.publish(&failure(turn_id, Some("interrupted"), "r"));
        let events: Vec<StoredEvent> = Arc::clone(&feed).listen(Some(0)).collect().await;
        assert_eq!(events.len(), 1);
        let last = frame(turn_id, events[0].clone());
        assert_eq!(last.event.as_deref(), Some("reconnect"));
        assert_eq!(last.id, None);
        assert!(
            feed.unflushed()
                .0
                .iter()
                .all(|event| event.name == EventName::Delta)
        );
    }

    #[test]
    fn what_the_cache_did_not_take_is_offered_again() {
        let feed = feed();
        feed.publish(&delta("a"));
        let (first, count) = feed.unflushed();
        assert_eq!(feed.unflushed().0, first);
        feed.publish(&delta("b"));
        feed.mark_flushed(count);
        assert_eq!(feed.unflushed().0.len(), 1);
    }

    #[test]
    fn the_buffer_has_a_bound_and_room_for_the_end() {
        let feed = feed();
        while feed.publish(&delta("a")) {}
        assert!(feed.publish(&failure(feed.turn, None, "r")));
        assert_eq!(feed.unflushed().1, MAX_EVENTS + 1);
    }
}
