//! What the index still holds of documents that answer no more is removed in the background.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::domain::ids::DocumentId;
use crate::persistence::{Database, DbError, bounded, documents, patiently};

/// Documents that may wait here; more of them are found by the next look.
const ROOM: usize = 1_024;
/// Between two looks for documents whose process died before it was done with them.
const LOOK: Duration = Duration::from_mins(1);
/// Documents that one look finds at most.
const FOUND: i64 = 1_000;
/// How long somebody else may write the index, before the document waits for the next look.
const PATIENCE: Duration = Duration::from_mins(2);

/// Who retires a document says so here.
pub struct Retired {
    waiting: Sender<DocumentId>,
}

/// Removes what [`Retired`] is told of, and what it finds.
pub struct Removal {
    database: Database,
    waiting: Receiver<DocumentId>,
}

impl Retired {
    /// And the other end of it.
    pub fn with_removal(database: Database) -> (Self, Removal) {
        let (sender, waiting) = channel(ROOM);
        (Self { waiting: sender }, Removal { database, waiting })
    }

    pub(super) fn announce(&self, document: DocumentId) {
        let _ = self.waiting.try_send(document);
    }
}

impl Removal {
    /// Works until the token is cancelled.
    pub async fn run(mut self, token: CancellationToken) {
        let work = async {
            loop {
                self.look().await;
                if self.remove_announced(Instant::now() + LOOK).await.is_none() {
                    return;
                }
            }
        };
        token.run_until_cancelled(work).await;
    }

    /// What is announced until then; `None` if nobody is left who could announce.
    async fn remove_announced(&mut self, until: Instant) -> Option<()> {
        while let Ok(document) = timeout_at(until, self.waiting.recv()).await {
            self.remove(document?).await;
        }
        Some(())
    }

    async fn look(&self) {
        match bounded(documents::list_retired(&self.database, FOUND)).await {
            Ok(found) => {
                for document in found {
                    self.remove(document).await;
                }
            }
            Err(error) => tracing::warn!(error = %error, "cannot look for retired documents"),
        }
    }

    async fn remove(&self, document: DocumentId) {
        if let Err(error) = self.remove_all(document).await {
            tracing::warn!(error = %error, document.id = %document, "not removed from the index yet");
        }
    }

    async fn remove_all(&self, document: DocumentId) -> Result<(), DbError> {
        let some = || documents::remove_chunks(&self.database, document);
        while patiently(PATIENCE, some).await? {}
        Ok(())
    }
}
