//! Embeds every chunk again after a change of the embedding model, beside the vectors of the old
//! one. Retrieval uses the new vectors once none is missing. Until then replicas with the new model
//! search by the lexical leg alone.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::embedded_text::embedded_text;
use crate::embedding::{EmbedError, Embedder};
use crate::persistence::indexing::{self, Generation, UnembeddedChunk};
use crate::persistence::{Database, DbError};

/// The pause between two looks while embeddings are missing or another replica creates them.
const INTERVAL: Duration = Duration::from_mins(1);
/// The pause between two looks otherwise, because replicas with the old model may still index
/// documents during a rollout.
const REST: Duration = Duration::from_mins(10);
/// The number of chunks embedded and stored at once.
const BATCH: i64 = 32;
/// The number of chunks between two lines in the log.
const TELL: usize = 1_024;

/// Creates the missing embeddings.
pub struct Backfill {
    pub database: Database,
    pub embedder: Arc<dyn Embedder>,
    pub generation: Generation,
}

#[derive(Debug, thiserror::Error)]
enum BackfillError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Embedder(#[from] EmbedError),
}

impl Backfill {
    /// Repeats its look until the token is cancelled.
    pub async fn run(self, token: CancellationToken) {
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = token.cancelled() => return,
            };
            let pause = match round {
                Ok(true) => REST,
                Ok(false) => INTERVAL,
                Err(error) => {
                    tracing::warn!(error = %error, "embedding for a changed model was interrupted");
                    INTERVAL
                }
            };
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Embeds some chunks; returns whether none is missing any more.
    async fn round(&self) -> Result<bool, BackfillError> {
        let (database, generation) = (&self.database, self.generation);
        let Some(_lock) = indexing::lock_backfill(database).await? else {
            return Ok(false);
        };
        let (mut after, mut count) = (0, 0);
        loop {
            let listed = indexing::list_unembedded(database, generation, after, BATCH);
            let chunks = listed.await?;
            let Some(last) = chunks.last() else { break };
            after = last.id;
            count += chunks.len();
            self.embed(chunks).await?;
            if count % TELL == 0 {
                tracing::info!(
                    generation = generation.id,
                    chunks = count,
                    "embedding for a changed model"
                );
            }
        }
        let complete = indexing::activate_if_complete(database, generation).await?;
        if count > 0 {
            tracing::info!(
                generation = generation.id,
                chunks = count,
                complete,
                "embedded for a changed model"
            );
        }
        Ok(complete)
    }

    async fn embed(&self, chunks: Vec<UnembeddedChunk>) -> Result<(), BackfillError> {
        let ids = chunks.iter().map(|chunk| chunk.id).collect::<Vec<_>>();
        let texts = chunks.iter().map(|chunk| {
            let text = (chunk.start, chunk.text.as_str());
            embedded_text(&*self.embedder, &chunk.title, text, &chunk.context())
        });
        let vectors = self.embedder.embed_passages(texts.collect()).await?;
        let embeddings: Vec<(i64, Vec<f32>)> = ids.into_iter().zip(vectors).collect();
        let stored = indexing::insert_embeddings(&self.database, self.generation, &embeddings);
        Ok(stored.await?)
    }
}
