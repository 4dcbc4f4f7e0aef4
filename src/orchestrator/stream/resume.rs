//! Resuming a turn's events: from the running turn, else the cache, else what is stored.
//!
//! The running turn and the cache have the events as they were sent. Someone who may not read all of
//! them now gets the stored end of the turn instead, which the database hands out without the rest.

mod follow;

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};

use super::draft::unanswered;
use super::feed::failure;
use crate::cache::StoredEvent;
use crate::domain::access::Principal;
use crate::domain::chat::{TurnDone, TurnEvent, TurnStatus};
use crate::domain::ids::TurnId;
use crate::orchestrator::Orchestrator;
use crate::orchestrator::turn::Begun;
use crate::persistence::turns::StoredTurn;
use crate::safety::Contacts;
use follow::{Follow, Origin};

/// What is replayed is numbered from here on, far above whatever a turn's generations count to. So
/// nothing in the cache follows an event that was replayed: who loses the connection there gets the
/// whole again, not the rest of something else.
const REPLAYED: u64 = 1 << 40;
/// No event has a higher number.
pub const MAX_SEQ: u64 = 1 << 62;

/// What a question led to, from its first event on.
pub fn begun(
    orchestrator: Arc<Orchestrator>,
    reader: Principal,
    begun: Begun,
    request_id: String,
) -> (TurnId, BoxStream<'static, StoredEvent>) {
    match begun {
        // Answered from what the asker may read, which is looked at again while it is quoted.
        Begun::Live(feed) => (feed.turn, feed.listen(None).boxed()),
        Begun::Stored(stored) => {
            let events = events(orchestrator, reader, &stored, None, request_id);
            (stored.id.into(), events)
        }
    }
}

/// The events after `last` that the reader may see, whoever runs the turn; exactly one terminal event
/// ends them.
pub fn events(
    orchestrator: Arc<Orchestrator>,
    reader: Principal,
    stored: &StoredTurn,
    last: Option<u64>,
    request_id: String,
) -> BoxStream<'static, StoredEvent> {
    let turn: TurnId = stored.id.into();
    let running = orchestrator.running().get(&turn).cloned();
    let origin = match running {
        _ if !stored.intact => Origin::Stored,
        Some(feed) if last.is_none_or(|last| last < REPLAYED) => {
            Origin::Feed(feed.listen(last).boxed())
        }
        _ => Origin::Cache,
    };
    let follow = Follow::new(orchestrator, reader, stored, origin, last, request_id);
    stream::unfold(follow, async |mut follow| {
        let event = follow.next().await?;
        Some((event, follow))
    })
    .boxed()
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
pub(in crate::orchestrator) fn outcome(stored: &StoredTurn) -> TurnDone {
    let turn: TurnId = stored.id.into();
    let reason = stored.status().is_terminal().then_some("unreadable");
    parsed(stored.done.as_ref()).unwrap_or_else(|| match stored.status() {
        status if status.is_terminal() => unanswered(turn, TurnStatus::Failed, reason),
        status => unanswered(turn, status, None),
    })
}

/// The event that ends a turn.
pub(in crate::orchestrator) fn terminal(
    done: &TurnDone,
    request_id: &str,
    contacts: &Contacts,
) -> TurnEvent {
    if done.status == TurnStatus::Failed {
        failure(done.turn_id, done.reason.as_deref(), request_id, contacts)
    } else {
        TurnEvent::Done(Box::new(done.clone()))
    }
}

/// What `GET /v1/turns/{id}` shows: the `done` object, or where the turn is.
pub fn view(stored: StoredTurn) -> Value {
    let sources = stored.sources_status();
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
    use super::super::feed::is_terminal;
    use super::*;

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
            sources_status: None,
            intact: true,
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
