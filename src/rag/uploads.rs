//! Room for uploads: each is held in memory, several times over, until it is stored.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::http::problem::Problem;

/// Uploads that are read and stored at once.
const MOST: usize = 4;
/// How long one waits for its turn: clients that send a few more at once need not know of this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who comes first is served first.
pub struct Uploads {
    room: Semaphore,
    patience: Duration,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            room: Semaphore::new(MOST),
            patience: PATIENCE,
        }
    }
}

impl Uploads {
    /// Room for one upload, until it is dropped.
    pub async fn enter(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let full = || Problem::unavailable("Too many uploads at once. Try again shortly.");
        timeout(self.patience, self.room.acquire())
            .await
            .map_err(|_| full())?
            .map_err(|_| full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_upload_more_waits_for_its_turn_and_not_for_ever() {
        let uploads = Uploads::default();
        let mut held = Vec::new();
        for _ in 0..MOST {
            held.push(uploads.enter().await.unwrap());
        }
        let leave = async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(held.pop());
        };
        let (entered, ()) = tokio::join!(uploads.enter(), leave);
        assert!(entered.is_ok());
        let refused = uploads.enter().await.err().unwrap();
        assert_eq!(refused.to_value("r")["status"], 503);
    }
}
