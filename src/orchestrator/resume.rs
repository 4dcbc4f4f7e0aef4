//! Resuming a turn's events: from the running turn, else the cache, else what is stored.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Orchestrator;
use super::draft::unanswered;
use super::events::{ends_stream, failure, is_terminal, reconnect};
use super::turn::Begun;
use crate::cache::StoredEvent;
use crate::domain::chat::{SourcesStatus, TurnDone, TurnEvent, TurnStatus};
use crate::domain::ids::TurnId;
use crate::persistence::bounded;
use crate::persistence::turns::{self, StoredTurn};
use crate::safety::Contacts;

/// How long one read of the cache waits for news.
const CACHE_WAIT: Duration = Duration::from_secs(2);
/// How often the database is asked when the cache cannot be waited on.
const CALM: Duration = Duration::from_millis(500);
/// How many times in a row the database may fail before the client is sent elsewhere.
const MAX_FAILURES: u8 = 10;
/// What is replayed is numbered from here on, far above whatever a turn's generations count to. So
/// nothing in the cache follows an event that was replayed: who loses the connection there gets the
/// whole again, not the rest of something else.
const REPLAYED: u64 = 1 << 40;
/// No event has a higher number.
pub const MAX_SEQ: u64 = 1 << 62;

/// What a question led to, from its first event on.
pub fn begun(
    orchestrator: Arc<Orchestrator>,
    owner: String,
    begun: Begun,
    request_id: String,
) -> (TurnId, BoxStream<'static, StoredEvent>) {
    match begun {
        Begun::Live(feed) => (feed.turn, feed.listen(None).boxed()),
        Begun::Stored(stored) => {
            let events = events(orchestrator, owner, &stored, None, request_id);
            (stored.id.into(), events)
        }
    }
}

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
    if let Some(feed) = running
        && last.is_none_or(|last| last < REPLAYED)
    {
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
        let find = turns::find(&self.orchestrator.database, &self.owner, self.turn);
        let found = bounded(find).await;
        let stored = match found {
            Ok(Some(stored)) => stored,
            Ok(None) => return self.give_up("deleted"),
            // The turn may well go on: where and how it ends is not known here.
            Err(_) if self.failures >= MAX_FAILURES => return self.reconnect(),
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
        let contacts = &self.orchestrator.contacts;
        replay(&stored, self.last, &self.request_id, contacts)
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
        let contacts = &self.orchestrator.contacts;
        let event = failure(self.turn, Some(reason), &self.request_id, contacts);
        numbered(1, self.last, vec![event])
    }
}

/// The events, up to the first that does not go on where the one before it is: a cache that failed
/// over may have lost some in between. Only `restart` may leave a gap: it voids what was before.
fn unbroken(mut events: Vec<StoredEvent>, mut last: Option<u64>) -> Vec<StoredEvent> {
    let follows = |event: &&StoredEvent| {
        let next = last.map_or(0, |last| last.saturating_add(1));
        last = Some(event.seq);
        event.seq == next || event.name == "restart"
    };
    let count = events.iter().take_while(follows).count();
    events.truncate(count);
    events
}

/// A finished turn as events: its whole answer is one delta. A client that has seen a part of it
/// starts again.
fn replay(
    stored: &StoredTurn,
    last: Option<u64>,
    request_id: &str,
    contacts: &Contacts,
) -> Vec<StoredEvent> {
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
    events.push(terminal(&done, request_id, contacts));
    let before = last.unwrap_or_default().max(REPLAYED);
    numbered(stored.generation, Some(before), events)
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
pub(super) fn terminal(done: &TurnDone, request_id: &str, contacts: &Contacts) -> TurnEvent {
    if done.status == TurnStatus::Failed {
        failure(done.turn_id, done.reason.as_deref(), request_id, contacts)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, name: &str) -> StoredEvent {
        StoredEvent {
            generation: 1,
            seq,
            name: name.into(),
            data: "{}".into(),
        }
    }

    fn numbers(events: &[StoredEvent]) -> Vec<u64> {
        events.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn what_follows_a_gap_is_not_shown() {
        let delta = |seq| event(seq, "delta");
        let unbroken = |events: &[StoredEvent], last| numbers(&unbroken(events.to_vec(), last));
        let lost = [delta(26), delta(27), delta(42), delta(43)];
        assert_eq!(unbroken(&lost, Some(25)), [26, 27]);
        assert!(unbroken(&lost, Some(24)).is_empty());
        assert!(unbroken(&lost, Some(41)).is_empty());
        assert_eq!(unbroken(&[delta(0), delta(1), delta(3)], None), [0, 1]);
        let again = [
            delta(26),
            event(10_026, "restart"),
            delta(10_027),
            delta(10_029),
        ];
        assert_eq!(unbroken(&again, Some(25)), [26, 10_026, 10_027]);
        assert_eq!(unbroken(&again[1..], Some(7)), [10_026, 10_027]);
    }

    #[test]
    fn nothing_in_the_cache_follows_what_was_replayed() {
        let stored = StoredTurn {
            id: TurnId::new().0,
            question_id: TurnId::new().0,
            status: "completed".into(),
            generation: 3,
            request_hash: Vec::new(),
            done: None,
            triage: None,
            sources: None,
            created_at: chrono::DateTime::UNIX_EPOCH,
        };
        let replay = |last| replay(&stored, last, "r", &Contacts::default());
        let first = replay(None);
        assert!(first.iter().all(|event| event.seq > REPLAYED));
        let last = first.first().map(|event| event.seq);
        let again = replay(last);
        assert_eq!(again[0].name, "restart");
        assert!(again[0].seq > first[0].seq && again[0].seq < MAX_SEQ);
        let names: Vec<&str> = again.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names.iter().filter(|name| is_terminal(name)).count(), 1);
    }
}
