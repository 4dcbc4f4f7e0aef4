//! The end of a turn, as an outcome, as a terminal event and as a view.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::chat::{Timings, TurnDone, TurnStatus, Usage};
use crate::domain::event::TurnEvent;
use crate::domain::ids::TurnId;
use crate::http::problem::Problem;
use crate::language::Tongue;
use crate::llm::FinishReason;
use crate::persistence::turns::StoredTurn;
use crate::safety::{Contacts, texts};

/// The language of problems.
const ENGLISH: Tongue = Tongue::English;

const INCOMPLETE: &str =
    "The answer could not be completed. What was shown is not a complete answer.";

const DECLINED: &str = "The language model declined to answer this question. What was shown is not \
    a complete answer. Please ask a member of staff.";

/// Returns the end of a turn without an answer.
pub(in crate::orchestrator) fn unanswered(
    turn: TurnId,
    status: TurnStatus,
    reason: Option<&str>,
) -> TurnDone {
    TurnDone {
        turn_id: turn,
        message_id: None,
        status,
        reason: reason.map(str::to_owned),
        answer: String::new(),
        citations: Vec::new(),
        grounded: false,
        sentences: Vec::new(),
        removed: BTreeMap::new(),
        provider: None,
        model: None,
        rung: None,
        triage: None,
        degraded: None,
        language: None,
        understanding: None,
        clarification: None,
        usage: Usage::default(),
        timings: Timings::default(),
        contacts: Vec::new(),
        sources_status: None,
    }
}

/// Returns the end of a turn whose answer is not kept: of what was done, only its cost remains.
pub(in crate::orchestrator) fn without_answer(
    done: TurnDone,
    status: TurnStatus,
    reason: Option<&str>,
) -> TurnDone {
    TurnDone {
        provider: done.provider,
        model: done.model,
        rung: done.rung,
        usage: done.usage,
        removed: done.removed,
        timings: done.timings,
        language: done.language,
        understanding: done.understanding,
        ..unanswered(done.turn_id, status, reason)
    }
}

/// Returns the stored end of a turn, or the status of a turn that has not ended.
pub(in crate::orchestrator) fn outcome(stored: &StoredTurn) -> TurnDone {
    let turn = stored.id;
    let reason = stored.status.is_terminal().then_some("unreadable");
    parsed(stored.done.as_ref()).unwrap_or_else(|| match stored.status {
        status if status.is_terminal() => unanswered(turn, TurnStatus::Failed, reason),
        status => unanswered(turn, status, None),
    })
}

/// Parses a stored value into its type.
pub(super) fn parsed<T: serde::de::DeserializeOwned>(value: Option<&Value>) -> Option<T> {
    serde_json::from_value(value?.clone()).ok()
}

/// Returns the event that ends a turn.
pub(in crate::orchestrator) fn terminal(
    done: &TurnDone,
    request_id: &str,
    contacts: &Contacts,
) -> TurnEvent {
    if done.status != TurnStatus::Failed {
        return TurnEvent::Done(Box::new(done.clone()));
    }
    let reason = done.reason.as_deref();
    let Some(degraded) = &done.degraded else {
        return failure(done.turn_id, reason, request_id, contacts);
    };
    let problem = Problem::out_of_service().degraded(degraded.clone(), done.contacts.clone());
    of_turn(problem.to_value(request_id), done.turn_id, reason)
}

/// The `error` event of a turn.
fn of_turn(mut problem: Value, turn: TurnId, reason: Option<&str>) -> TurnEvent {
    if let Some(object) = problem.as_object_mut() {
        object.insert("turn_id".into(), json!(turn));
        object.insert("reason".into(), json!(reason));
    }
    TurnEvent::Error(problem)
}

/// Returns the `error` event of a failed turn: a problem with the turn's id and the reason, and the
/// advice for cases that cannot wait.
pub(in crate::orchestrator) fn failure(
    turn: TurnId,
    reason: Option<&str>,
    request_id: &str,
    contacts: &Contacts,
) -> TurnEvent {
    let problem = Problem::unavailable(if reason == Some(FinishReason::Refusal.as_str()) {
        DECLINED
    } else {
        INCOMPLETE
    });
    let problem = with_urgent_case(problem, contacts, ENGLISH);
    of_turn(problem.to_value(request_id), turn, reason)
}

/// Adds the advice for cases that cannot wait to a problem that leaves a question without an
/// answer.
pub(in crate::orchestrator) fn with_urgent_case(
    problem: Problem,
    contacts: &Contacts,
    tongue: Tongue,
) -> Problem {
    problem.followed_by(
        &texts::urgent_case(contacts, tongue),
        contacts.for_urgent_case(tongue),
    )
}

/// Returns the event that sends the listeners of this replica to another one.
pub(in crate::orchestrator) fn reconnect(turn_id: TurnId) -> TurnEvent {
    TurnEvent::Reconnect { turn_id }
}

/// Returns the body of `GET /v1/turns/{id}`: the `done` object, or the status of a running turn.
pub(in crate::orchestrator) fn view(stored: StoredTurn) -> Value {
    let sources = stored.sources_status;
    let mut view = stored
        .done
        .unwrap_or_else(|| json!({ "turn_id": stored.id, "status": stored.status }));
    if let (Some(sources), Some(fields)) = (sources, view.as_object_mut()) {
        fields.insert("sources_status".into(), json!(sources));
    }
    view
}
