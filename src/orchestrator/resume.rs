//! Resuming a turn's events: from the running turn, else the cache, else what is stored.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Orchestrator;
use super::draft::unanswered;
use super::events::{ends_stream, failure, is_terminal, reconnect};
use crate::cache::StoredEvent;
use crate::domain::chat::{SourcesStatus, TurnDone, TurnEvent, TurnStatus};
use crate::domain::ids::TurnId;
use crate::persistence::bounded;
use crate::persistence::turns::{self, StoredTurn};

/// How long one read of the cache waits for news.
const CACHE_WAIT: Duration = Duration::from_secs(2);
/// How often the database is asked when the cache cannot be waited on.
const CALM: Duration = Duration::from_millis(500);
/// How many times in a row the database may fail before the client is sent elsewhere.
const PATIENCE: u8 = 10;

/// The events after `last`, whoever runs the turn; exactly one terminal event ends them.
pub fn events(
    orchestrator: Arc<Orchestrator>,
    owner: String,
    stored: &StoredTurn,
    last: Option<u64>,
    request_id: String,
) -> BoxStream<'static, StoredEvent> {
    let turn: TurnId = stored.id.into();
    let running = orchestrator.running().get(&turn).cloned();
    if let Some(feed) = running {
        return feed.listen(last).boxed();
    }
    let follow = Follow {
        orchestrator,
        owner,
        turn,
        request_id,
        last,
        finished: stored.status().is_terminal(),
        failures: 0,
        ready: Vec::new().into_iter(),
        ended: false,
    };
    stream::unfold(follow, async |mut follow| {
        let event = follow.next().await?;
        Some((event, follow))
    })
    .boxed()
}

/// Follows a turn that does not run here.
struct Follow {
    orchestrator: Arc<Orchestrator>,
    owner: String,
    turn: TurnId,
    request_id: String,
    last: Option<u64>,
    /// Known to have ended: what the cache has now is all it will have.
    finished: bool,
    failures: u8,
    ready: std::vec::IntoIter<StoredEvent>,
    ended: bool,
}

impl Follow {
    async fn next(&mut self) -> Option<StoredEvent> {
        while !self.ended {
            if let Some(event) = self.ready.next() {
                self.ended = ends_stream(&event.name);
                self.last = Some(event.seq);
                return Some(event);
            }
            let orchestrator = Arc::clone(&self.orchestrator);
            let more = tokio::select! {
                more = self.more() => more,
                () = orchestrator.shutdown.closing() => self.reconnect(),
            };
            self.ready = more.into_iter();
        }
        None
    }

    /// More events; none means: ask again, or that all has been seen.
    async fn more(&mut self) -> Vec<StoredEvent> {
        let wait = if self.finished {
            Duration::ZERO
        } else {
            CACHE_WAIT
        };
        let cached = self
            .orchestrator
            .cache
            .read_events(self.turn, self.last, wait)
            .await;
        match cached {
            Ok(events) if follows(&events, self.last) => return events,
            Ok(events) if events.is_empty() => {}
            // Events are missing, or there is no cache to wait on.
            _ => sleep(if self.finished { Duration::ZERO } else { CALM }).await,
        }
        self.stored().await
    }

    async fn stored(&mut self) -> Vec<StoredEvent> {
        let find = turns::find(&self.orchestrator.database, &self.owner, self.turn);
        let found = bounded(find).await;
        let stored = match found {
            Ok(Some(stored)) => stored,
            Ok(None) => return self.give_up("deleted"),
            // The turn may well go on: where and how it ends is not known here.
            Err(_) if self.failures >= PATIENCE => return self.reconnect(),
            Err(error) => {
                tracing::warn!(turn.id = %self.turn, error = %error, "resuming waits");
                self.failures += 1;
                sleep(CALM).await;
                return Vec::new();
            }
        };
        self.failures = 0;
        if !stored.status().is_terminal() {
            return Vec::new();
        }
        if !self.finished {
            // Its last events may be on their way into the cache.
            self.finished = true;
            sleep(CALM).await;
            return Vec::new();
        }
        if self.has_seen_the_end().await {
            self.ended = true;
            return Vec::new();
        }
        replay(&stored, self.last, &self.request_id)
    }

    /// Whether the last event that the client has is the terminal one.
    async fn has_seen_the_end(&self) -> bool {
        let Some(last) = self.last else {
            return false;
        };
        let cache = &self.orchestrator.cache;
        let event = cache
            .read_events(self.turn, last.checked_sub(1), Duration::ZERO)
            .await;
        event.is_ok_and(|events| {
            events
                .first()
                .is_some_and(|event| event.seq == last && is_terminal(&event.name))
        })
    }

    fn reconnect(&self) -> Vec<StoredEvent> {
        numbered(1, self.last, vec![reconnect(self.turn)])
    }

    fn give_up(&self, reason: &str) -> Vec<StoredEvent> {
        let event = failure(self.turn, Some(reason), &self.request_id);
        numbered(1, self.last, vec![event])
    }
}

/// Whether these events go on where the client is, or void what it has.
fn follows(events: &[StoredEvent], last: Option<u64>) -> bool {
    events.first().is_some_and(|first| {
        first.seq == last.map_or(0, |last| last.saturating_add(1)) || first.name == "restart"
    })
}

/// A finished turn as events: its whole answer is one delta. A client that has seen a part of it
/// starts again.
fn replay(stored: &StoredTurn, last: Option<u64>, request_id: &str) -> Vec<StoredEvent> {
    let turn: TurnId = stored.id.into();
    let done = outcome(stored);
    let mut events = vec![if last.is_some() {
        TurnEvent::Restart {
            reason: "replayed".into(),
        }
    } else {
        TurnEvent::Turn {
            turn_id: turn,
            message_id: stored.question_id.into(),
            status: stored.status(),
        }
    }];
    events.extend(parsed(stored.triage.as_ref()).map(TurnEvent::Triage));
    events.extend(parsed(stored.sources.as_ref()).map(TurnEvent::Sources));
    if !done.answer.is_empty() {
        events.push(TurnEvent::Delta {
            text: done.answer.clone(),
        });
    }
    events.extend(done.citations.iter().cloned().map(TurnEvent::Citation));
    events.push(terminal(&done, request_id));
    numbered(stored.generation, last, events)
}

fn numbered(generation: i32, last: Option<u64>, events: Vec<TurnEvent>) -> Vec<StoredEvent> {
    (last.map_or(0, |last| last.saturating_add(1))..)
        .zip(events)
        .map(|(seq, event)| StoredEvent {
            generation,
            seq,
            name: event.name().to_owned(),
            data: event.data().to_string(),
        })
        .collect()
}

fn parsed<T: serde::de::DeserializeOwned>(value: Option<&Value>) -> Option<T> {
    serde_json::from_value(value?.clone()).ok()
}

/// The stored end of a turn, or how it stands if it has not ended.
pub(super) fn outcome(stored: &StoredTurn) -> TurnDone {
    let turn: TurnId = stored.id.into();
    let reason = stored.status().is_terminal().then_some("unreadable");
    parsed(stored.done.as_ref()).unwrap_or_else(|| match stored.status() {
        status if status.is_terminal() => unanswered(turn, TurnStatus::Failed, reason),
        status => unanswered(turn, status, None),
    })
}

/// The event that ends a turn.
pub(super) fn terminal(done: &TurnDone, request_id: &str) -> TurnEvent {
    if done.status == TurnStatus::Failed {
        failure(done.turn_id, done.reason.as_deref(), request_id)
    } else {
        TurnEvent::Done(Box::new(done.clone()))
    }
}

/// What `GET /v1/turns/{id}` shows: the `done` object, or where the turn is.
pub fn view(stored: StoredTurn, sources: Option<SourcesStatus>) -> Value {
    let mut view = stored
        .done
        .unwrap_or_else(|| json!({ "turn_id": stored.id, "status": stored.status }));
    if let (Some(sources), Some(fields)) = (sources, view.as_object_mut()) {
        fields.insert("sources_status".into(), json!(sources));
    }
    view
}
