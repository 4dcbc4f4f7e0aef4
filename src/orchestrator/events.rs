//! The events of one running turn: kept for whoever listens here, copied to the cache for whoever
//! listens elsewhere.

use std::sync::{Mutex, PoisonError};

use futures::stream::{self, Stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cache::StoredEvent;
use crate::domain::chat::TurnEvent;
use crate::domain::ids::TurnId;
use crate::http::sse::Frame;

/// Most events of a turn; an answer within the token limit stays far below.
const MAX_EVENTS: usize = 8_192;

/// One running turn, as its listeners see it.
pub struct Feed {
    pub turn: TurnId,
    /// Cancelled when the person asks for it.
    pub cancel: CancellationToken,
    events: Mutex<Vec<StoredEvent>>,
    count: watch::Sender<usize>,
    /// Events that the cache already has.
    flushed: Mutex<usize>,
}

impl Feed {
    pub fn new(turn: TurnId) -> Self {
        Self {
            turn,
            cancel: CancellationToken::new(),
            events: Mutex::default(),
            count: watch::Sender::new(0),
            flushed: Mutex::default(),
        }
    }

    /// Appends an event; after a terminal one nothing is appended any more.
    pub fn publish(&self, event: &TurnEvent) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = events.last().is_some_and(|last| is_terminal(&last.name));
        if ended || (events.len() >= MAX_EVENTS && !event.is_terminal()) {
            return;
        }
        let seq = u64::try_from(events.len()).unwrap_or(u64::MAX);
        events.push(StoredEvent {
            generation: 1,
            seq,
            name: event.name().to_owned(),
            data: event.data().to_string(),
        });
        self.count.send_replace(events.len());
    }

    /// Events that the cache does not have yet; they count as flushed from here.
    pub fn take_unflushed(&self) -> Vec<StoredEvent> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        let new = events.get(*flushed..).unwrap_or_default().to_vec();
        *flushed = events.len();
        new
    }

    fn from(&self, index: usize) -> Vec<StoredEvent> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(index..).unwrap_or_default().to_vec()
    }

    /// Every event from `first` on, ending after the terminal one.
    pub fn listen(
        self: std::sync::Arc<Self>,
        first: usize,
    ) -> impl Stream<Item = StoredEvent> + Send + 'static {
        let receiver = self.count.subscribe();
        let state = (self, receiver, first, Vec::new().into_iter(), false);
        stream::unfold(
            state,
            async |(feed, mut receiver, mut next, mut ready, ended)| {
                if ended {
                    return None;
                }
                loop {
                    if let Some(event) = ready.next() {
                        let event: StoredEvent = event;
                        let ended = is_terminal(&event.name);
                        return Some((event, (feed, receiver, next, ready, ended)));
                    }
                    let index = next;
                    receiver.wait_for(|count| *count > index).await.ok()?;
                    let new = feed.from(next);
                    next += new.len();
                    ready = new.into_iter();
                }
            },
        )
    }
}

/// Whether an event of this name ends a stream.
pub fn is_terminal(name: &str) -> bool {
    matches!(name, "done" | "error")
}

/// An event on the wire, with the id `{turn_id}:{seq}`.
pub fn frame(turn: TurnId, event: StoredEvent) -> Frame {
    Frame {
        id: format!("{turn}:{}", event.seq),
        event: event.name,
        data: event.data,
    }
}
