//! Ends what is past its deadline: an accepted turn never stays open.

use std::time::Duration;

use super::draft::unanswered;
use crate::domain::chat::TurnStatus;
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
        let done = unanswered(turn, TurnStatus::Failed, Some("timeout"));
        if turns::finish(database, generation, &done).await? {
            tracing::warn!(turn.id = %turn, "turn ended by the sweeper");
            attempts::interrupt(database, turn).await?;
            ended += 1;
        }
    }
    Ok(ended)
}
