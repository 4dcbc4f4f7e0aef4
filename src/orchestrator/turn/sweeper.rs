//! Ends turns that are past their deadline, so that no accepted turn stays open.

use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::chat::TurnStatus;
use crate::domain::ids::TurnId;
use crate::orchestrator::stream::end::unanswered;
use crate::persistence::turns::Finished;
use crate::persistence::{Database, DbError, attempts, turns};
use crate::shutdown::Shutdown;

const INTERVAL: Duration = Duration::from_secs(10);

/// Sweeps until draining begins.
pub async fn sweep(database: Database, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = fail_overdue(&database).await {
            tracing::warn!(error = %error, "sweeping overdue turns failed");
        }
    }
}

/// Ends overdue turns as `failed(timeout)`; returns how many.
pub async fn fail_overdue(database: &Database) -> Result<usize, DbError> {
    let mut ended = 0;
    for (turn, generation) in turns::list_overdue(database).await? {
        match end(database, turn, generation).await {
            Ok(true) => {
                tracing::warn!(turn.id = %turn, "turn ended by the sweeper");
                ended += 1;
            }
            Ok(false) => {}
            // A frozen replica may hold this turn's lock, and the others must not wait for it.
            Err(error) => tracing::warn!(turn.id = %turn, error = %error, "sweeping failed"),
        }
    }
    Ok(ended)
}

async fn end(database: &Database, turn: TurnId, generation: i32) -> Result<bool, DbError> {
    let done = unanswered(turn, TurnStatus::Failed, Some("timeout"));
    let ended = turns::finish(database, &Principal::nobody(), generation, &done, None).await?;
    if ended == Finished::Ended {
        attempts::interrupt(database, turn).await?;
    }
    Ok(ended == Finished::Ended)
}
