//! Resuming a turn's events: from the running turn, else the cache, else what is stored.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};

use super::Orchestrator;
use super::events::is_terminal;
use crate::cache::StoredEvent;
use crate::domain::ids::TurnId;
use crate::persistence::turns::{self, StoredTurn};

/// How long one read of the cache waits for news.
const CACHE_WAIT: Duration = Duration::from_secs(2);

/// The events after `last`, whoever runs the turn.
pub fn events(
    orchestrator: Arc<Orchestrator>,
    owner: String,
    stored: &StoredTurn,
    last: Option<u64>,
) -> BoxStream<'static, StoredEvent> {
    let turn: TurnId = stored.id.into();
    let next = last.map_or(0, |seq| seq.saturating_add(1));
    let running = orchestrator.running().get(&turn).cloned();
    if let Some(feed) = running {
        return feed
            .listen(usize::try_from(next).unwrap_or(usize::MAX))
            .boxed();
    }
    if stored.status().is_terminal() {
        return stream::iter(replay(stored))
            .filter(move |event| std::future::ready(last.is_none() || is_terminal(&event.name)))
            .boxed();
    }
    let state = (
        orchestrator,
        owner,
        turn,
        last,
        Vec::new().into_iter(),
        false,
    );
    stream::unfold(
        state,
        async |(orchestrator, owner, turn, mut last, mut ready, ended)| {
            if ended {
                return None;
            }
            loop {
                if let Some(event) = ready.next() {
                    let event: StoredEvent = event;
                    let ended = is_terminal(&event.name);
                    last = Some(event.seq);
                    return Some((event, (orchestrator, owner, turn, last, ready, ended)));
                }
                let news = orchestrator.cache.read_events(turn, last, CACHE_WAIT).await;
                ready = match news {
                    Ok(events) if !events.is_empty() => events.into_iter(),
                    _ => elsewhere(&orchestrator, &owner, turn, last)
                        .await?
                        .into_iter(),
                };
            }
        },
    )
    .boxed()
}

/// The stored end of a turn that another replica finished; empty while it still runs, `None`
/// if it is gone.
async fn elsewhere(
    orchestrator: &Orchestrator,
    owner: &str,
    turn: TurnId,
    last: Option<u64>,
) -> Option<Vec<StoredEvent>> {
    let stored = turns::find(&orchestrator.database, owner, turn)
        .await
        .ok()??;
    if !stored.status().is_terminal() {
        // Without a cache to wait on, ask the database at a calm pace.
        tokio::time::sleep(CACHE_WAIT / 4).await;
        return Some(Vec::new());
    }
    let mut events = replay(&stored);
    if last.is_some() {
        events.retain(|event| is_terminal(&event.name));
    }
    Some(events)
}

/// A finished turn as events: its whole answer is one delta.
pub fn replay(stored: &StoredTurn) -> Vec<StoredEvent> {
    let done = stored.done.clone().unwrap_or_default();
    let mut events = vec![(
        "turn",
        json!({ "turn_id": stored.id, "message_id": stored.question_id, "status": stored.status }),
    )];
    events.extend(stored.triage.clone().map(|triage| ("triage", triage)));
    events.extend(stored.sources.clone().map(|sources| ("sources", sources)));
    let answer = done
        .get("answer")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !answer.is_empty() {
        events.push(("delta", json!({ "text": answer })));
    }
    let citations = done.get("citations").and_then(Value::as_array);
    for citation in citations.into_iter().flatten() {
        events.push(("citation", citation.clone()));
    }
    events.push(("done", done));
    (0..)
        .zip(events)
        .map(|(seq, (name, data))| StoredEvent {
            generation: 1,
            seq,
            name: name.to_owned(),
            data: data.to_string(),
        })
        .collect()
}
