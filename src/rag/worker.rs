//! Turns uploaded versions into searchable ones, one bus record at a time.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::chunk::{self, Chunk, ChunkingConfig};
use super::parse::sandbox::Sandbox;
use super::parse::{MediaType, ParseError, ParsedDocument};
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::{Delivery, Handler, HandlerError};
use crate::embedding::Embedder;
use crate::persistence::indexing::{
    self, Generation, IndexedVersion, NewChunk, PendingVersion, Receipt,
};
use crate::persistence::{Database, DbError};

/// Handles `documents.commands`.
pub struct IngestWorker {
    pub database: Database,
    pub embedder: Arc<dyn Embedder>,
    pub generation: Generation,
    pub sandbox: Sandbox,
    pub chunking: ChunkingConfig,
}

#[derive(Deserialize)]
struct DocumentReceived {
    document_id: DocumentId,
    version_id: VersionId,
}

#[async_trait]
impl Handler for IngestWorker {
    async fn handle(&self, delivery: Delivery) -> Result<(), HandlerError> {
        let receipt = Receipt {
            fence: &delivery.fence,
            offset: delivery.offset,
            event_id: delivery.envelope.event_id,
        };
        if delivery.envelope.kind != "document.received" {
            return Err(HandlerError::Reject("unknown kind of record".into()));
        }
        let command: DocumentReceived =
            serde_json::from_value(delivery.envelope.payload.clone())
                .map_err(|error| HandlerError::Reject(format!("unreadable payload: {error}")))?;
        self.index(&receipt, &command).await
    }
}

impl IngestWorker {
    async fn index(
        &self,
        receipt: &Receipt<'_>,
        command: &DocumentReceived,
    ) -> Result<(), HandlerError> {
        let pending = indexing::find_version(&self.database, command.version_id)
            .await
            .map_err(from_db)?;
        let Some((pending, bytes)) = pending.and_then(take_bytes) else {
            // Withdrawn, deleted or already indexed: nothing is left to do.
            return indexing::commit_nothing(&self.database, receipt)
                .await
                .map_err(from_db);
        };
        match self.parse(&pending, bytes).await {
            Ok(parsed) => self.commit(receipt, command, &pending, parsed).await,
            Err(error) => indexing::commit_failed(
                &self.database,
                receipt,
                command.document_id,
                command.version_id,
                &error.to_string(),
            )
            .await
            .map_err(from_db),
        }
    }

    async fn parse(
        &self,
        pending: &PendingVersion,
        bytes: Vec<u8>,
    ) -> Result<ParsedDocument, ParseError> {
        let media = MediaType::from_mime(&pending.media_type).ok_or(ParseError::Damaged)?;
        let parsed = self.sandbox.parse(media, bytes).await?;
        if i32::try_from(parsed.text.chars().count()).is_err() {
            return Err(ParseError::TooLarge);
        }
        Ok(parsed)
    }

    async fn commit(
        &self,
        receipt: &Receipt<'_>,
        command: &DocumentReceived,
        pending: &PendingVersion,
        parsed: ParsedDocument,
    ) -> Result<(), HandlerError> {
        let (parsed, chunks) = self.split(parsed).await?;
        let texts = chunks
            .iter()
            .map(|chunk| embedded_text(&pending.title, chunk))
            .collect();
        let vectors = self
            .embedder
            .embed_passages(texts)
            .await
            .map_err(|error| HandlerError::Retry(error.to_string()))?;
        let chunks: Vec<NewChunk> = chunks
            .into_iter()
            .zip(vectors)
            .map(|(chunk, embedding)| new_chunk(chunk, embedding))
            .collect();
        indexing::commit_indexed(
            &self.database,
            receipt,
            &IndexedVersion {
                version_id: command.version_id,
                document_id: command.document_id,
                collection_id: pending.collection_id,
                generation: self.generation,
                title: &pending.title,
                text: &parsed.text,
                chunks: &chunks,
            },
        )
        .await
        .map_err(from_db)
    }

    /// Chunking a long document takes a while: off the async threads.
    async fn split(
        &self,
        parsed: ParsedDocument,
    ) -> Result<(ParsedDocument, Vec<Chunk>), HandlerError> {
        let embedder = Arc::clone(&self.embedder);
        let config = self.chunking.clone();
        tokio::task::spawn_blocking(move || {
            let count = |text: &str| embedder.count_tokens(text);
            let chunks = chunk::chunk(&parsed, &config, &count);
            (parsed, chunks)
        })
        .await
        .map_err(|_| HandlerError::Retry("chunking did not finish".into()))
    }
}

fn take_bytes(mut pending: PendingVersion) -> Option<(PendingVersion, Vec<u8>)> {
    let bytes = pending.bytes.take()?;
    Some((pending, bytes))
}

/// The title goes before the passage: both legs see what the document is about.
fn embedded_text(title: &str, chunk: &Chunk) -> String {
    format!("{title}\n{}", chunk.text)
}

fn new_chunk(chunk: Chunk, embedding: Vec<f32>) -> NewChunk {
    let offset = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    NewChunk {
        page: chunk.page.and_then(|page| i32::try_from(page).ok()),
        start: offset(chunk.start),
        end: offset(chunk.end),
        text: chunk.text,
        embedding,
    }
}

fn from_db(error: DbError) -> HandlerError {
    match error {
        DbError::Fenced => HandlerError::Fenced,
        other => HandlerError::Retry(other.to_string()),
    }
}
