//! Removes the chunks of retired documents and versions from the index, and the passages of deleted
//! documents from the sources of turns, in the background.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::domain::ids::DocumentId;
use crate::persistence::{Database, DbError, documents, patiently};

/// The most documents that wait here; the next look finds the rest.
const ROOM: usize = 1_024;
/// The pause between two looks for documents whose process died before their chunks were removed.
const LOOK: Duration = Duration::from_mins(1);
/// The most documents that one look finds.
const FOUND: i64 = 1_000;
/// How long another process may write the index before the document waits for the next look.
const PATIENCE: Duration = Duration::from_mins(2);

/// Receives announcements of documents that have lost a version.
#[derive(Clone)]
pub struct Retired {
    waiting: Sender<DocumentId>,
}

/// Removes announced documents, and those that it finds itself.
pub struct Removal {
    database: Database,
    waiting: Receiver<DocumentId>,
}

impl Retired {
    /// Creates both ends of the queue.
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

    /// Removes announced documents until the given time; returns `None` if nobody can announce any
    /// more.
    async fn remove_announced(&mut self, until: Instant) -> Option<()> {
        while let Ok(document) = timeout_at(until, self.waiting.recv()).await {
            self.remove(document?).await;
            if self.waiting.is_empty() {
                self.remove_terms().await;
            }
        }
        Some(())
    }

    async fn look(&self) {
        let retired = documents::list_retired(&self.database, FOUND).await;
        let deleted = documents::list_to_erase(&self.database, FOUND).await;
        let found: Vec<DocumentId> = [retired, deleted]
            .into_iter()
            .flat_map(|found| {
                found.unwrap_or_else(|error| {
                    tracing::warn!(error = %error, "cannot look for retired documents");
                    Vec::new()
                })
            })
            .collect();
        for document in &found {
            self.remove(*document).await;
        }
        if !found.is_empty() {
            self.remove_terms().await;
        }
    }

    async fn remove(&self, document: DocumentId) {
        if let Err(error) = self.remove_all(document).await {
            tracing::warn!(error = %error, document.id = %document, "not removed from the index yet");
        }
    }

    /// Removes the words that only removed chunks contained.
    async fn remove_terms(&self) {
        let remove = || documents::remove_unused_terms(&self.database);
        if let Err(error) = patiently(PATIENCE, remove).await {
            tracing::warn!(error = %error, "words of removed chunks are not removed yet");
        }
    }

    async fn remove_all(&self, document: DocumentId) -> Result<(), DbError> {
        let some = || documents::remove_chunks(&self.database, document);
        while patiently(PATIENCE, some).await? {}
        let rest = || documents::erase_sources(&self.database, document);
        while patiently(PATIENCE, rest).await? {}
        Ok(())
    }
}
