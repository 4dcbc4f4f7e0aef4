//! The fields beside an answer that the other API does not have.

use serde_json::{Value, json};

use crate::cache::StoredEvent;
use crate::domain::chat::{TurnDone, TurnStatus};
use crate::domain::evidence::Source;

/// Returns the sources of an event, the best one first.
pub(super) fn listed(event: &StoredEvent) -> Vec<Value> {
    let sources: Vec<Source> = serde_json::from_str(&event.data).unwrap_or_default();
    let listed = sources.into_iter().map(|source| {
        json!({
            "external_id": source.external_id,
            "title": source.title,
            "page": source.page,
            "score": source.score,
        })
    });
    listed.collect()
}

/// Returns the sources of an answer, of a question back, or the nearest ones of an "I don't know".
fn shown<'a>(done: &TurnDone, sources: &'a [Value]) -> &'a [Value] {
    match done.status {
        TurnStatus::Completed | TurnStatus::Clarifying | TurnStatus::Abstained => sources,
        _ => &[],
    }
}

/// Returns what clients of this service see of the end of a turn.
pub(super) fn extra(done: &TurnDone, sources: &[Value]) -> Value {
    let mut extra = json!({
        "turn_id": done.turn_id,
        "status": done.status,
        "sources": shown(done, sources),
        "grounded": done.grounded,
        "sentences": done.sentences,
        "removed": done.removed,
        "provider": done.provider,
        "model": done.model,
        "rung": done.rung,
        "contacts": done.contacts,
        "timings": done.timings,
    });
    if let Some(extra) = extra.as_object_mut() {
        let triage = done.triage.as_ref().map(|triage| ("triage", json!(triage)));
        let degraded = done.degraded.as_ref();
        let degraded = degraded.map(|degraded| ("degraded", json!(degraded)));
        let language = done.language.as_ref();
        let language = language.map(|language| ("language", json!(language)));
        let asked_back = done.clarification.as_ref();
        let asked_back = asked_back.map(|asked_back| ("clarification", json!(asked_back)));
        let present = triage.into_iter().chain(degraded);
        let present = present.chain(language).chain(asked_back);
        extra.extend(present.map(|(name, value)| (name.to_owned(), value)));
    }
    extra
}
