//! The stored form of chunks and their embeddings.

use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::conflicts::NewConflict;
use super::generation::Generation;
use crate::domain::document::SelfDescription;
use crate::domain::evidence::ContextLine;
use crate::domain::ids::{DocumentId, VersionId};
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// The chunks that one statement writes or removes. A long document must not exceed the deadline of
/// a statement, nor be in memory once more as its parameters.
pub(super) const SLICE: usize = 1_000;

/// One chunk to store.
pub struct NewChunk {
    pub page: Option<i32>,
    pub start: i32,
    pub end: i32,
    pub text: String,
    /// The lines that govern a part of the chunk.
    pub context: Vec<ContextLine>,
    /// A vector of unit length with `dimension` numbers.
    pub embedding: Vec<f32>,
}

/// A parsed, chunked and embedded version.
pub struct IndexedVersion<'a> {
    pub version_id: VersionId,
    pub document_id: DocumentId,
    pub collection_id: i32,
    pub generation: Generation,
    /// The title that people see.
    pub title: &'a str,
    pub about: &'a SelfDescription,
    pub text: &'a str,
    /// The parts that were left out, in words for people.
    pub warnings: &'a [String],
    pub chunks: &'a [NewChunk],
    /// Whether the version waits for approval instead of answering.
    pub draft: bool,
    /// Whether the version takes effect later, so that another one answers until then.
    pub later: bool,
    pub conflicts: &'a [NewConflict],
    pub language: Language<'a>,
}

/// The language of a version, and the terms by which the lexical leg finds its chunks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Language<'a> {
    /// The language (BCP 47), if it can be told.
    pub code: Option<&'a str>,
    /// The terms of each chunk, as often as they occur; none for English, of which PostgreSQL makes
    /// them.
    pub terms: Option<&'a [Vec<String>]>,
}

impl IndexedVersion<'_> {
    /// The collection of the version's chunks in the index: a negative one, where no search looks,
    /// for a draft.
    pub(super) fn placed_in(&self) -> i32 {
        if self.draft {
            -self.collection_id
        } else {
            self.collection_id
        }
    }
}

/// Inserts some chunks; `before` is the number of the version's earlier chunks.
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
        .bind::<Integer, _>(new.placed_in())
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

/// Converts a number of chunks to PostgreSQL's type.
pub(super) fn ordinal(chunks: usize) -> i64 {
    i64::try_from(chunks).unwrap_or(i64::MAX)
}

/// Returns pgvector's text form.
pub(in crate::persistence) fn vector_text(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}
