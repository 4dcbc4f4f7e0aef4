//! When a call to the database is worth another try.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::DbError;

/// Between two calls while the database is unavailable.
const PAUSE: Duration = Duration::from_millis(250);

/// Calls again while the database is unavailable or busy, for as long as `patience` lasts. Only for calls
/// whose effect is the same when it happens twice: the answer to a commit may have been lost.
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
