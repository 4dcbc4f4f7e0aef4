//! Ends what is past its deadline: an accepted turn never stays open.

use std::time::Duration;

use crate::domain::chat::{TurnDone, TurnStatus, Usage};
use crate::domain::ids::TurnId;
use crate::persistence::{Database, DbError, turns};
use crate::shutdown::Shutdown;

const INTERVAL: Duration = Duration::from_secs(10);

/// Sweeps until draining begins.
pub async fn sweep(database: Database, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = sweep_once(&database).await {
            tracing::warn!(error = %error, "sweeping overdue turns failed");
        }
    }
}

async fn sweep_once(database: &Database) -> Result<(), DbError> {
    for turn in turns::list_overdue(database).await? {
        if turns::finish(database, &unfinished(turn, TurnStatus::Failed, "timeout")).await? {
            tracing::warn!(turn.id = %turn, "turn ended by the sweeper");
        }
    }
    Ok(())
}

/// The end of a turn that has no answer.
pub(super) fn unfinished(turn: TurnId, status: TurnStatus, reason: &str) -> TurnDone {
    TurnDone {
        turn_id: turn,
        message_id: None,
        status,
        reason: Some(reason.to_owned()),
        answer: String::new(),
        citations: Vec::new(),
        grounded: false,
        provider: None,
        model: None,
        rung: None,
        usage: Usage::default(),
        timings: crate::domain::chat::Timings::default(),
    }
}
