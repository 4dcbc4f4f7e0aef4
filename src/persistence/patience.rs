//! Repeats a call to the database that may succeed later.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::DbError;

/// The pause between two calls while the database is unavailable.
const PAUSE: Duration = Duration::from_millis(250);

/// Repeats a call while the database is unavailable or busy, for up to `patience`. The effect of
/// the call must be the same if it happens twice, because the confirmation of a commit may be lost.
pub async fn patiently<T, F>(patience: Duration, mut call: impl FnMut() -> F) -> Result<T, DbError>
where
    F: Future<Output = Result<T, DbError>>,
{
    let end = Instant::now() + patience;
    loop {
        match call().await {
            Err(DbError::Unavailable(_) | DbError::Busy(_)) if Instant::now() < end => {
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
