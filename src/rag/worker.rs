//! Indexes uploaded versions, one bus record at a time.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::GovernanceConfig;
use super::chunk::{self, Chunk, ChunkingConfig};
use super::conflicts;
use super::embedded_text::embedded_text;
use super::lexical::{self, Told};
use super::parse::sandbox::{Sandbox, SandboxError};
use super::parse::{ContentType, ParseError, ParsedDocument};
use super::quarantine;
use super::stated;
use crate::domain::governance::Finding;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::{Delivery, Handler, HandlerError, Outcome, StoreError};
use crate::embedding::{EmbedError, Embedder};
use crate::language::Tongue;
use crate::persistence::conflicts::list_neighbours;
use crate::persistence::indexing::{
    self, Generation, IndexedVersion, Language, NewChunk, NewConflict, PendingVersion, Receipt,
    SuspiciousVersion,
};
use crate::persistence::{Database, DbError};

/// Handles `documents.commands`.
pub struct IngestWorker {
    pub database: Database,
    pub embedder: Arc<dyn Embedder>,
    pub generation: Generation,
    pub sandbox: Sandbox,
    pub chunking: ChunkingConfig,
    pub max_passages: usize,
    pub governance: GovernanceConfig,
    pub long_documents: LongDocuments,
}

/// Lets only a few long documents embed at a time, in order of arrival: each finishes in turn,
/// instead of all of them late. A short document does not wait for them.
pub struct LongDocuments(Semaphore);

/// The number of passages from which a document is long: about 20 seconds of half a core.
const LONG: usize = 256;
/// One document keeps the model busy; the second continues without a gap.
const LONG_AT_ONCE: usize = 2;

impl Default for LongDocuments {
    fn default() -> Self {
        Self(Semaphore::new(LONG_AT_ONCE))
    }
}

impl LongDocuments {
    async fn turn(&self, passages: usize) -> Option<SemaphorePermit<'_>> {
        if passages < LONG {
            return None;
        }
        self.0.acquire().await.ok()
    }
}

/// The version of [`DocumentReceived`]. Fields may be added without raising it, so that replicas of
/// two releases work side by side; a change of a field's meaning raises it.
const VERSION: u16 = 1;
/// The text for the content owner; the operator finds the cause in the dead letter.
const GIVEN_UP: &str =
    "The document could not be processed. Upload it again, or ask the operator of this service.";

#[derive(Deserialize)]
struct DocumentReceived {
    document_id: DocumentId,
    version_id: VersionId,
}

#[async_trait]
impl Handler for IngestWorker {
    async fn handle(&self, delivery: Delivery) -> Result<Outcome, HandlerError> {
        let receipt = Receipt {
            fence: &delivery.fence,
            offset: delivery.offset,
            event_id: delivery.envelope.event_id,
        };
        if delivery.envelope.kind != "document.received" {
            return Err(HandlerError::Reject("unknown kind of record".into()));
        }
        let version = delivery.envelope.version;
        if version != VERSION {
            let cause = format!("unknown version {version} of the record, not {VERSION}");
            return Err(HandlerError::Reject(cause));
        }
        // Omits the parser's message, which may quote the record.
        let command = command(&delivery)
            .ok_or_else(|| HandlerError::Reject("unreadable payload of the record".into()))?;
        self.index(&receipt, &command).await
    }

    async fn give_up(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let Some(command) = command(delivery) else {
            return Ok(());
        };
        let (document, version) = (command.document_id, command.version_id);
        Ok(indexing::give_up(&self.database, &delivery.fence, document, version, GIVEN_UP).await?)
    }
}

impl IngestWorker {
    async fn index(
        &self,
        receipt: &Receipt<'_>,
        command: &DocumentReceived,
    ) -> Result<Outcome, HandlerError> {
        let pending = indexing::find_version(&self.database, command.version_id).await;
        let pending = pending.map_err(|error| from_db(&error))?;
        let Some((pending, bytes)) = pending.and_then(take_bytes) else {
            // The document was withdrawn, deleted or already indexed, so nothing is left to do.
            let commit = indexing::commit_nothing(&self.database, receipt).await;
            return commit.map_err(|error| from_db(&error));
        };
        let parsed = match self.parse(&pending, bytes).await {
            Ok(parsed) => parsed,
            Err(SandboxError::Document(error)) => {
                return self.fail(receipt, command, &error.to_string()).await;
            }
            // The failure concerns every document alike, so this one may wait.
            Err(error @ SandboxError::NotStarted(_)) => {
                return Err(HandlerError::Unavailable(error.to_string()));
            }
            // One interruption is an accident; repeated ones may be the document's fault.
            Err(error @ SandboxError::Interrupted) => {
                return Err(HandlerError::Retry(error.to_string()));
            }
        };
        let (parsed, chunks, findings) = self.read(&pending, parsed).await?;
        if !findings.is_empty() {
            return self.quarantine(receipt, command, &parsed, &findings).await;
        }
        if let Some(reason) = too_long(chunks.len(), self.max_passages) {
            return self.fail(receipt, command, &reason).await;
        }
        let about = stated::describe(&pending.title, &pending.external_id, &parsed);
        let title = about.title.as_deref().unwrap_or(&pending.title);
        let chunks = self.embed(title, chunks).await?;
        let conflicts = self.find_conflicts(command, title, &chunks).await;
        let warnings = parsed.remarks();
        let (told, chunks) = tell(title, &parsed.text, chunks).await?;
        let version = IndexedVersion {
            version_id: command.version_id,
            document_id: command.document_id,
            collection_id: pending.collection_id,
            generation: self.generation,
            title,
            about: &about,
            text: &parsed.text,
            warnings: &warnings,
            chunks: &chunks,
            draft: self.governance.approval,
            later: pending.later,
            conflicts: &conflicts,
            language: Language {
                code: told.tongue.map(Tongue::code),
                terms: told.terms.as_deref(),
            },
        };
        let commit = indexing::commit_indexed(&self.database, receipt, &version).await;
        commit.map_err(|error| from_db(&error))
    }

    async fn fail(
        &self,
        receipt: &Receipt<'_>,
        command: &DocumentReceived,
        reason: &str,
    ) -> Result<Outcome, HandlerError> {
        let (document, version) = (command.document_id, command.version_id);
        let commit =
            indexing::commit_failed(&self.database, receipt, document, version, reason).await;
        commit.map_err(|error| from_db(&error))
    }

    async fn parse(
        &self,
        pending: &PendingVersion,
        bytes: Vec<u8>,
    ) -> Result<ParsedDocument, SandboxError> {
        let content = ContentType::from_mime(&pending.media_type).ok_or(ParseError::Damaged)?;
        let parsed = self.sandbox.parse(content, bytes).await?;
        if i32::try_from(parsed.text.chars().count()).is_err() {
            return Err(ParseError::TooLarge.into());
        }
        Ok(parsed)
    }

    async fn embed(&self, title: &str, chunks: Vec<Chunk>) -> Result<Vec<NewChunk>, HandlerError> {
        let _turn = self.long_documents.turn(chunks.len()).await;
        let texts = chunks
            .iter()
            .map(|chunk| {
                let text = (offset(chunk.start), chunk.text.as_str());
                embedded_text(&*self.embedder, title, text, &chunk.context)
            })
            .collect();
        let vectors = self
            .embedder
            .embed_passages(texts)
            .await
            .map_err(|error| from_embedder(&error))?;
        Ok(chunks
            .into_iter()
            .zip(vectors)
            .map(|(chunk, embedding)| new_chunk(chunk, embedding))
            .collect())
    }

    /// Inspects and chunks off the async threads, because a long document takes a while. A version
    /// that somebody released is not inspected again.
    async fn read(
        &self,
        pending: &PendingVersion,
        parsed: ParsedDocument,
    ) -> Result<(ParsedDocument, Vec<Chunk>, Vec<Finding>), HandlerError> {
        let embedder = Arc::clone(&self.embedder);
        let config = self.chunking.clone();
        let title = (!pending.released).then(|| pending.title.clone());
        tokio::task::spawn_blocking(move || {
            let found = title.map(|title| quarantine::inspect(&title, &parsed.text));
            if let Some(found) = found.filter(|found| !found.is_empty()) {
                return (parsed, Vec::new(), found);
            }
            let count = |text: &str| embedder.count_tokens(text);
            let chunks = chunk::chunk(&parsed, &config, &count);
            (parsed, chunks, Vec::new())
        })
        .await
        .map_err(|_| HandlerError::Retry("chunking did not finish".into()))
    }

    async fn quarantine(
        &self,
        receipt: &Receipt<'_>,
        command: &DocumentReceived,
        parsed: &ParsedDocument,
        findings: &[Finding],
    ) -> Result<Outcome, HandlerError> {
        let found = SuspiciousVersion {
            document_id: command.document_id,
            version_id: command.version_id,
            text: &parsed.text,
            reason: &quarantine::reason(findings),
            findings,
        };
        let commit = indexing::commit_quarantined(&self.database, receipt, &found).await;
        commit.map_err(|error| from_db(&error))
    }

    /// Compares the passages with those of other documents. The report helps the owner; a failure to
    /// make it does not keep the document from being indexed.
    async fn find_conflicts(
        &self,
        command: &DocumentReceived,
        title: &str,
        chunks: &[NewChunk],
    ) -> Vec<NewConflict> {
        let near_duplicate = self.governance.conflict_similarity;
        let compared = conflicts::comparable(chunks);
        if compared.is_empty() || near_duplicate > 1.0 {
            return Vec::new();
        }
        let vectors: Vec<&[f32]> = compared.iter().map(|chunk| &*chunk.embedding).collect();
        let near = list_neighbours(
            &self.database,
            self.generation,
            command.version_id,
            &vectors,
            near_duplicate.min(conflicts::SAME_TITLE),
        );
        match near.await {
            Ok(near) => conflicts::find(title, &compared, &near, near_duplicate),
            Err(error) => {
                tracing::warn!(error = %error, document.id = %command.document_id,
                    "the document was not compared with others");
                Vec::new()
            }
        }
    }
}

/// Tells the language and the terms off the async threads, because a long document takes a while.
async fn tell(
    title: &str,
    text: &str,
    chunks: Vec<NewChunk>,
) -> Result<(Told, Vec<NewChunk>), HandlerError> {
    let beginning = lexical::beginning(title, text);
    let title = title.to_owned();
    let telling = tokio::task::spawn_blocking(move || {
        let told = lexical::tell(&beginning, &title, &chunks);
        (told, chunks)
    });
    let told = telling.await;
    told.map_err(|_| HandlerError::Retry("the language was not told".into()))
}

fn take_bytes(mut pending: PendingVersion) -> Option<(PendingVersion, Vec<u8>)> {
    let bytes = pending.bytes.take()?;
    Some((pending, bytes))
}

fn offset(chars: usize) -> i32 {
    i32::try_from(chars).unwrap_or(i32::MAX)
}

fn new_chunk(chunk: Chunk, embedding: Vec<f32>) -> NewChunk {
    NewChunk {
        page: chunk.page.and_then(|page| i32::try_from(page).ok()),
        start: offset(chunk.start),
        end: offset(chunk.end),
        text: chunk.text,
        context: chunk.context,
        embedding,
    }
}

fn command(delivery: &Delivery) -> Option<DocumentReceived> {
    serde_json::from_value(delivery.envelope.payload.clone()).ok()
}

/// The message to the owner of a document with too many passages.
fn too_long(passages: usize, most: usize) -> Option<String> {
    (passages > most).then(|| {
        format!(
            "The document has {passages} passages, more than the {most} that one document may \
             have. Split it into several documents and upload those."
        )
    })
}

fn from_db(error: &DbError) -> HandlerError {
    match error {
        DbError::Fenced => HandlerError::Fenced,
        DbError::Unavailable(_) => HandlerError::Unavailable(error.to_string()),
        // A statement that is cancelled for its duration may be long because of the document.
        DbError::Busy(_) | DbError::Conflict(_) | DbError::Misconfigured(_) | DbError::Query(_) => {
            HandlerError::Retry(error.to_string())
        }
    }
}

/// Load, outages and refused keys concern every document alike.
fn from_embedder(error: &EmbedError) -> HandlerError {
    let refused = matches!(error, EmbedError::Remote { status: 401 | 403 });
    if error.is_retryable() || refused || *error == EmbedError::Closed {
        return HandlerError::Unavailable(error.to_string());
    }
    HandlerError::Retry(error.to_string())
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn long_documents_take_turns_and_short_ones_do_not_wait() {
        let documents = LongDocuments::default();
        let turn = || documents.turn(LONG);
        let first = turn().now_or_never().unwrap();
        let _second = turn().now_or_never().unwrap();
        assert!(turn().now_or_never().is_none());
        assert!(documents.turn(LONG - 1).now_or_never().is_some());
        drop(first);
        assert!(turn().now_or_never().unwrap().is_some());
    }

    #[test]
    fn too_many_passages_fail_with_advice() {
        assert_eq!(too_long(20_000, 20_000), None);
        assert_eq!(
            too_long(20_001, 20_000).unwrap(),
            "The document has 20001 passages, more than the 20000 that one document may have. \
             Split it into several documents and upload those."
        );
    }
}
