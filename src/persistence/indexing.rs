//! What makes a document version searchable: chunks, embeddings, BM25 postings, and the switch.

mod backfill;
mod commit;
mod generation;
mod give_up;
mod reannounce;
mod removal;

use std::time::Duration;

use diesel::OptionalExtension;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

pub use backfill::{
    BackfillLock, UnembeddedChunk, activate_if_complete, insert_embeddings, list_unembedded,
    lock_backfill,
};
pub use commit::{commit_failed, commit_indexed, commit_nothing};
pub use generation::{Generation, ensure_generation, ensure_hnsw};
pub use give_up::give_up;
pub use reannounce::{ANNOUNCED_AT_ONCE, reannounce_received};
pub(super) use removal::drop_some_chunks;

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::outbox;
use super::statement::statement;
use crate::domain::evidence::ContextLine;
use crate::domain::ids::{DocumentId, EventId, VersionId};
use crate::domain::messaging::{Fence, topics};

/// BM25 saturation; 0.9 and 0.4 are Anserini's defaults for passages.
pub const BM25_K1: f64 = 0.9;
/// BM25 length normalisation.
pub const BM25_B: f64 = 0.4;
/// Chunks written or removed by one statement: a long document must not meet the deadline of a
/// statement, nor be in memory once more as its parameters.
const SLICE: usize = 1_000;

/// One call about a record in hand: longer than the statements of one transaction together.
const LONGEST_CALL: Duration = Duration::from_mins(1);

/// A version that a worker is to index.
#[derive(diesel::QueryableByName)]
pub struct PendingVersion {
    #[diesel(sql_type = SqlUuid)]
    pub document_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub collection_id: i32,
    #[diesel(sql_type = Integer)]
    pub version: i32,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub media_type: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Nullable<Binary>)]
    pub bytes: Option<Vec<u8>>,
}

/// The version, unless its document was withdrawn or deleted meanwhile. It has its bytes while
/// there is something to do: one that failed may be tried again.
pub async fn find_version(
    database: &Database,
    version: VersionId,
) -> Result<Option<PendingVersion>, DbError> {
    Ok(statement(
        "SELECT v.document_id, d.collection_id, v.version, v.title, v.media_type, v.status,
                CASE WHEN v.status IN ('received', 'failed') THEN v.bytes END AS bytes
         FROM document_versions v JOIN documents d ON d.id = v.document_id
         WHERE v.id = $1 AND d.status = 'active'",
    )
    .bind::<SqlUuid, _>(version.0)
    .get_result(&mut database.connection_for(LONGEST_CALL).await?)
    .await
    .optional()?)
}

/// One chunk to store.
pub struct NewChunk {
    pub page: Option<i32>,
    pub start: i32,
    pub end: i32,
    pub text: String,
    /// The lines that govern some of the chunk.
    pub context: Vec<ContextLine>,
    /// Unit length, `dimension` numbers.
    pub embedding: Vec<f32>,
}

/// What a handled record proves: ownership, place and identity.
pub struct Receipt<'a> {
    pub fence: &'a Fence,
    pub offset: i64,
    pub event_id: EventId,
}

/// A parsed, chunked and embedded version.
pub struct IndexedVersion<'a> {
    pub version_id: VersionId,
    pub document_id: DocumentId,
    pub collection_id: i32,
    pub generation: Generation,
    pub title: &'a str,
    pub text: &'a str,
    /// The parts that were left out, in words for people.
    pub warnings: &'a [String],
    pub chunks: &'a [NewChunk],
}

async fn mark(
    connection: &mut Connection,
    version: VersionId,
    status: &str,
    reason: Option<&str>,
) -> Result<(), DbError> {
    statement("UPDATE document_versions SET status = $2, reason = $3 WHERE id = $1")
        .bind::<SqlUuid, _>(version.0)
        .bind::<Text, _>(status)
        .bind::<Nullable<Text>, _>(reason)
        .execute(connection)
        .await?;
    Ok(())
}

async fn announce(
    connection: &mut Connection,
    kind: &str,
    document: DocumentId,
    version: VersionId,
) -> Result<(), DbError> {
    outbox::insert(
        connection,
        topics::DOCUMENT_EVENTS,
        kind,
        &document.to_string(),
        json!({ "document_id": document, "version_id": version }),
    )
    .await
}

/// Some chunks, and how many of the version come before them.
async fn insert_chunks(
    connection: &mut Connection,
    new: &IndexedVersion<'_>,
    chunks: &[NewChunk],
    before: usize,
) -> Result<(), DbError> {
    let pages: Vec<Option<i32>> = chunks.iter().map(|c| c.page).collect();
    let starts: Vec<i32> = chunks.iter().map(|c| c.start).collect();
    let ends: Vec<i32> = chunks.iter().map(|c| c.end).collect();
    let texts: Vec<&str> = chunks.iter().map(|c| c.text.as_str()).collect();
    let vectors: Vec<String> = chunks.iter().map(|c| vector_text(&c.embedding)).collect();
    let contexts: Vec<Value> = chunks.iter().map(|c| json!(c.context)).collect();
    statement(
        "WITH input AS (
             SELECT page, s, e, body, vector, context, $10 + nth AS n
             FROM unnest($4::int[], $5::int[], $6::int[], $7::text[], $8::text[], $11::jsonb[])
                 WITH ORDINALITY AS t (page, s, e, body, vector, context, nth)
         ), stored AS (
             INSERT INTO chunks (document_id, version_id, collection_id, ordinal, page,
                 start_offset, end_offset, text, context)
             SELECT $1, $2, $3, n, page, s, e, body, context FROM input
             RETURNING id, ordinal
         )
         INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
         SELECT $9, stored.id, $3, input.vector::halfvec
         FROM stored JOIN input ON input.n = stored.ordinal",
    )
    .bind::<SqlUuid, _>(new.document_id.0)
    .bind::<SqlUuid, _>(new.version_id.0)
    .bind::<Integer, _>(new.collection_id)
    .bind::<Array<Nullable<Integer>>, _>(pages)
    .bind::<Array<Integer>, _>(starts)
    .bind::<Array<Integer>, _>(ends)
    .bind::<Array<Text>, _>(texts)
    .bind::<Array<Text>, _>(vectors)
    .bind::<Integer, _>(new.generation.id)
    .bind::<BigInt, _>(ordinal(before))
    .bind::<Array<Jsonb>, _>(contexts)
    .execute(connection)
    .await?;
    Ok(())
}

fn ordinal(before: usize) -> i64 {
    i64::try_from(before).unwrap_or(i64::MAX)
}

/// pgvector's text form.
pub(super) fn vector_text(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}

/// One writer of postings and document frequencies at a time: their rows are hot, and taking
/// them in any order would deadlock.
pub(super) async fn lock_lexical(connection: &mut Connection) -> Result<(), DbError> {
    let locked =
        statement("SELECT pg_advisory_xact_lock(hashtext('chatbot.lexical ' || current_schema()))")
            .execute(connection)
            .await;
    match locked.map_err(DbError::from) {
        Ok(_) => Ok(()),
        // Whoever holds it for so long stores a long document or has frozen: that says nothing
        // about the one that waits.
        Err(DbError::Busy(cause)) => Err(DbError::Unavailable(cause)),
        Err(error) => Err(error),
    }
}

/// The postings of a slice of chunks, and how many of the version come before them.
///
/// The lock of the lexical tables is held, so a term that is not there stays so: no `ON CONFLICT`,
/// which takes an id for each known term, too, and ids are integers.
async fn insert_postings(
    connection: &mut Connection,
    new: &IndexedVersion<'_>,
    before: usize,
) -> Result<(), DbError> {
    statement(
        "WITH tf AS MATERIALIZED (
             SELECT k.id AS chunk_id, l.lexeme, cardinality(l.positions) AS tf
             FROM chunks k, unnest(to_tsvector('english', $2 || ' ' || k.text)) l
             WHERE k.version_id = $1 AND k.ordinal > $6 AND k.ordinal <= $7
         ), lengths AS (
             SELECT chunk_id, sum(tf)::int AS dl FROM tf GROUP BY chunk_id
         ), measured AS (
             UPDATE chunks SET lexical_length = dl FROM lengths WHERE chunks.id = chunk_id
         ), stats AS (
             UPDATE lexical_stats SET chunks = chunks + (SELECT count(*) FROM lengths),
                 total_length = total_length + (SELECT coalesce(sum(dl), 0) FROM lengths)
             RETURNING greatest(total_length::float8 / greatest(chunks, 1), 1) AS avgdl
         ), counts AS MATERIALIZED (
             SELECT lexeme, count(*)::int AS n FROM tf GROUP BY lexeme
         ), known AS (
             UPDATE lexical_terms t SET df = t.df + n FROM counts WHERE t.lexeme = counts.lexeme
             RETURNING t.id, t.lexeme
         ), added AS (
             INSERT INTO lexical_terms (lexeme, df)
             SELECT lexeme, n FROM counts WHERE lexeme NOT IN (SELECT lexeme FROM known)
             RETURNING id, lexeme
         ), terms AS (
             SELECT id, lexeme FROM known UNION ALL SELECT id, lexeme FROM added
         )
         INSERT INTO lexical_postings (term_id, collection_id, chunk_id, impact)
         SELECT terms.id, $3, tf.chunk_id,
             tf.tf * ($4 + 1) / (tf.tf + $4 * (1 - $5 + $5 * lengths.dl / stats.avgdl))
         FROM tf JOIN terms USING (lexeme) JOIN lengths USING (chunk_id) CROSS JOIN stats",
    )
    .bind::<SqlUuid, _>(new.version_id.0)
    .bind::<Text, _>(new.title)
    .bind::<Integer, _>(new.collection_id)
    .bind::<diesel::sql_types::Double, _>(BM25_K1)
    .bind::<diesel::sql_types::Double, _>(BM25_B)
    .bind::<BigInt, _>(ordinal(before))
    .bind::<BigInt, _>(ordinal(before + SLICE))
    .execute(connection)
    .await?;
    Ok(())
}

async fn switch_version(
    connection: &mut Connection,
    new: &IndexedVersion<'_>,
) -> Result<(), DbError> {
    statement(
        "WITH superseded AS (
             UPDATE document_versions SET status = 'superseded'
             WHERE document_id = $1 AND id <> $2 AND status IN ('indexed', 'received')
         ), indexed AS (
             UPDATE document_versions SET status = 'indexed', reason = NULL, text = $3,
                 warnings = $4, indexed_at = now() WHERE id = $2
         )
         UPDATE documents SET current_version_id = $2, updated_at = now() WHERE id = $1",
    )
    .bind::<SqlUuid, _>(new.document_id.0)
    .bind::<SqlUuid, _>(new.version_id.0)
    .bind::<Text, _>(new.text)
    .bind::<Array<Text>, _>(new.warnings)
    .execute(connection)
    .await?;
    Ok(())
}
