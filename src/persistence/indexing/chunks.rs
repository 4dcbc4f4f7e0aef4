//! Chunks and their embeddings, as they are stored.

use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::generation::Generation;
use crate::domain::evidence::ContextLine;
use crate::domain::ids::{DocumentId, VersionId};
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Chunks written or removed by one statement: a long document must not meet the deadline of a
/// statement, nor be in memory once more as its parameters.
pub(super) const SLICE: usize = 1_000;

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

/// Some chunks, and how many of the version come before them.
pub(super) async fn insert_chunks(
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
    statement(include_str!("insert_chunks.sql"))
        .bind::<SqlUuid, _>(new.document_id)
        .bind::<SqlUuid, _>(new.version_id)
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

/// A number of chunks as PostgreSQL counts them.
pub(super) fn ordinal(chunks: usize) -> i64 {
    i64::try_from(chunks).unwrap_or(i64::MAX)
}

/// pgvector's text form.
pub(in crate::persistence) fn vector_text(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}
