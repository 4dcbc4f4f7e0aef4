//! Takes over turns whose replica is gone. They run again here, under a new generation, with a
//! visible `restart`.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::ledger::Earlier;
use super::run::Turn;
use super::runner::{LEASE, Runner};
use crate::domain::access::Principal;
use crate::domain::chat::TurnStatus;
use crate::domain::emergency::{Level, TriageNotice};
use crate::domain::event::TurnEvent;
use crate::domain::ids::new_uuid;
use crate::orchestrator::question::Question;
use crate::orchestrator::stream::feed::Feed;
use crate::persistence::turns::{self, Orphan};

/// The longest wait after the lease of a dead replica has expired.
const INTERVAL: Duration = Duration::from_secs(1);
/// The turns taken over by one statement.
const BATCH: usize = 16;
/// The event numbers reserved for each generation, because the client may have seen more than the
/// cache has.
const SPACING: u64 = 10_000;

/// Takes over abandoned turns until draining begins.
pub async fn take_over(runner: Arc<Runner>) {
    loop {
        tokio::select! {
            () = runner.hub.shutdown.draining() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        // After a full batch there are probably more turns, from a replica that stopped under load.
        while take_over_once(&runner).await == BATCH {}
    }
}

/// Takes over as many turns as there is room for; returns their number.
pub async fn take_over_once(runner: &Arc<Runner>) -> usize {
    // Leaves half of the free room for new questions.
    let room = runner.admission.free().div_ceil(2).min(BATCH);
    let Ok(limit @ 1..) = i64::try_from(room) else {
        return 0;
    };
    let expired = turns::take_over_expired(&runner.hub.database, &runner.replica, LEASE, limit);
    // Turns taken by a statement whose response is lost become free again when their lease expires.
    let taken = expired.await;
    let orphans = match taken {
        Ok(orphans) => orphans,
        Err(error) => {
            tracing::warn!(error = %error, "taking over turns failed");
            return 0;
        }
    };
    let count = orphans.len();
    for orphan in orphans {
        let permit = runner.admission.take_accepted(&orphan.owner_id);
        let running = Arc::clone(runner);
        let span = tracing::info_span!("takeover", turn.id = %orphan.id);
        let work = async move {
            let _permit = permit;
            Box::pin(run(running, orphan)).await;
        };
        runner.hub.shutdown.spawn(work.instrument(span));
    }
    count
}

async fn run(runner: Arc<Runner>, orphan: Orphan) {
    let turn = orphan.id;
    runner.metrics.took_over();
    tracing::warn!(turn.id = %turn, turn.generation = orphan.generation, "turn taken over");
    let last = runner.hub.last_number(turn).await.unwrap_or_default();
    let first = last + SPACING * u64::try_from(orphan.generation).unwrap_or(1);
    let feed = Arc::new(Feed::new(turn, orphan.generation, first));
    feed.publish(&TurnEvent::Restart {
        reason: "takeover".into(),
    });
    feed.publish(&TurnEvent::Turn {
        turn_id: turn,
        message_id: orphan.question_id,
        status: TurnStatus::Accepted,
    });
    let notice = orphan
        .triage
        .and_then(|triage| serde_json::from_value(triage).ok())
        .unwrap_or(TriageNotice {
            level: Level::None,
            category: None,
            witness: None,
            text: None,
            language: None,
            contacts: Vec::new(),
        });
    let deadline = Duration::try_from_secs_f64(orphan.seconds_left).unwrap_or_default();
    let question = Question {
        // The access of the caller when the turn was accepted. Readers who follow the turn here
        // have keys of their own.
        principal: Principal {
            owner_id: orphan.owner_id,
            key: None,
            scopes: Vec::new(),
            collections: orphan.collections,
        },
        conversation: orphan.conversation_id,
        content: orphan.content,
        history: None,
        collections: None,
        idempotency_key: None,
        request_id: new_uuid().to_string(),
    };
    let earlier = Earlier {
        last: orphan.attempts,
        failed: usize::try_from(orphan.failed_attempts).unwrap_or_default(),
    };
    let turn = Turn::new(runner, question, notice, feed, earlier);
    turn.run(deadline).await;
}
