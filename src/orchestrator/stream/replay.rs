//! Replays a finished turn as events.

use super::end::{outcome, parsed, terminal};
use crate::cache::StoredEvent;
use crate::domain::event::TurnEvent;
use crate::persistence::turns::StoredTurn;
use crate::safety::Contacts;

/// The first number of replayed events, far above the numbers of every generation. Nothing in the
/// cache follows a replayed event, so a client that loses the connection during a replay gets the
/// whole answer again.
pub(super) const REPLAYED: u64 = 1 << 40;
/// The highest possible event number.
pub(super) const MAX_SEQ: u64 = 1 << 62;

/// Returns a finished turn as events, with its whole answer in one delta. A client that has seen a
/// part of it starts again.
pub(super) fn replay(
    stored: &StoredTurn,
    last: Option<u64>,
    request_id: &str,
    contacts: &Contacts,
) -> Vec<StoredEvent> {
    let turn = stored.id;
    let done = outcome(stored);
    let mut events = vec![if last.is_some() {
        TurnEvent::Restart {
            reason: "replayed".into(),
        }
    } else {
        TurnEvent::Turn {
            turn_id: turn,
            message_id: stored.question_id,
            status: stored.status,
        }
    }];
    events.extend(parsed(stored.triage.as_ref()).map(TurnEvent::Triage));
    events.extend(parsed(stored.sources.as_ref()).map(TurnEvent::Sources));
    if !done.answer.is_empty() {
        events.push(TurnEvent::Delta {
            text: done.answer.clone(),
            grounded: (!done.sentences.is_empty()).then_some(done.grounded),
        });
    }
    events.extend(done.citations.iter().cloned().map(TurnEvent::Citation));
    events.push(terminal(&done, request_id, contacts));
    let before = last.unwrap_or_default().max(REPLAYED);
    numbered(stored.generation, Some(before), events)
}

/// Numbers the events after `last`.
pub(super) fn numbered(
    generation: i32,
    last: Option<u64>,
    events: Vec<TurnEvent>,
) -> Vec<StoredEvent> {
    (last.map_or(0, |last| last.saturating_add(1))..)
        .zip(events)
        .map(|(seq, event)| StoredEvent {
            generation,
            seq,
            name: event.name(),
            data: event.data().to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::TurnStatus;
    use crate::domain::event::EventName;
    use crate::domain::ids::{MessageId, TurnId};

    #[test]
    fn nothing_in_the_cache_follows_what_was_replayed() {
        let stored = StoredTurn {
            id: TurnId::new(),
            question_id: MessageId::new(),
            status: TurnStatus::Completed,
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
        assert_eq!(again[0].name, EventName::Restart);
        assert!(again[0].seq > first[0].seq && again[0].seq < MAX_SEQ);
        let ends = again.iter().filter(|event| event.name.is_terminal());
        assert_eq!(ends.count(), 1);
    }
}
