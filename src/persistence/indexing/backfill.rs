//! Embeddings that are created after their chunks, because the model was changed.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Deserialize;
use serde_json::Value;

use super::chunks::vector_text;
use super::generation::{Generation, Status, lock_generations};
use crate::domain::evidence::ContextLine;
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::functions::coalesce;
use crate::persistence::locks;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{
    chunk_embeddings, chunks, document_versions, embedding_generations,
};
use crate::persistence::statement::statement;

/// A chunk without an embedding of a generation.
#[derive(Queryable)]
pub struct UnembeddedChunk {
    pub id: i64,
    /// The title of its document's version.
    pub title: String,
    pub start: i32,
    pub text: String,
    context: Option<Value>,
}

impl UnembeddedChunk {
    /// Returns the lines that govern a part of the chunk; none if it was indexed before they were
    /// kept.
    pub fn context(&self) -> Vec<ContextLine> {
        let stored = self.context.as_ref();
        let lines = stored.map(Vec::<ContextLine>::deserialize);
        lines.and_then(Result::ok).unwrap_or_default()
    }
}

/// The lock of the one process that creates missing embeddings, until it is dropped.
pub struct BackfillLock {
    _connection: Connection,
}

/// Takes the lock; `None` if another process has it.
pub async fn lock_backfill(database: &Database) -> Result<Option<BackfillLock>, DbError> {
    // The connection does not return to the pool: closing it frees the lock.
    let mut connection = database.connection().await?.leave_pool();
    let locked = locks::try_lock_session(&mut connection, "backfill").await?;
    Ok(locked.then_some(BackfillLock {
        _connection: connection,
    }))
}

/// Lists chunks after this id that lack an embedding, in the order of their ids.
pub async fn list_unembedded(
    database: &Database,
    generation: Generation,
    after: i64,
    limit: i64,
) -> Result<Vec<UnembeddedChunk>, DbError> {
    Ok(chunks::table
        .inner_join(document_versions::table)
        .filter(chunks::id.gt(after))
        .filter(not(exists(embedding(generation))))
        .order(chunks::id)
        .limit(limit)
        .select((
            chunks::id,
            coalesce(
                document_versions::stated_title,
                document_versions::title.nullable(),
            )
            .assume_not_null(),
            chunks::start_offset,
            chunks::text,
            chunks::context,
        ))
        .load(&mut database.connection().await?)
        .await?)
}

/// Selects the embedding of a chunk in a generation.
#[diesel::dsl::auto_type]
fn embedding(generation: Generation) -> _ {
    let id: i32 = generation.id;
    chunk_embeddings::table
        .filter(chunk_embeddings::chunk_id.eq(chunks::id))
        .filter(chunk_embeddings::generation_id.eq(id))
}

/// Stores embeddings by their chunks' ids. It skips chunks that were removed meanwhile.
pub async fn insert_embeddings(
    database: &Database,
    generation: Generation,
    embeddings: &[(i64, Vec<f32>)],
) -> Result<(), DbError> {
    let ids: Vec<i64> = embeddings.iter().map(|(id, _)| *id).collect();
    let vectors: Vec<String> = embeddings.iter().map(|(_, v)| vector_text(v)).collect();
    statement(include_str!("insert_embeddings.sql"))
        .bind::<Integer, _>(generation.id)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Array<Text>, _>(vectors)
        .execute(&mut database.connection().await?)
        .await?;
    Ok(())
}

/// Lets retrieval use a complete generation; returns whether the generation is in use now.
pub async fn activate_if_complete(
    database: &Database,
    generation: Generation,
) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            lock_generations(connection).await?;
            let lacking = chunks::table.filter(not(exists(embedding(generation))));
            let is_complete = diesel::select(not(exists(lacking)));
            if !is_complete.get_result::<bool>(connection).await? {
                return Ok(false);
            }
            let others = embedding_generations::table
                .filter(embedding_generations::status.eq(Status::ACTIVE))
                .filter(embedding_generations::id.ne(generation.id));
            Prepared(diesel::update(others).set(embedding_generations::status.eq(Status::RETIRED)))
                .execute(connection)
                .await?;
            let this = embedding_generations::table
                .filter(embedding_generations::status.ne(Status::ACTIVE))
                .find(generation.id);
            Prepared(diesel::update(this).set(embedding_generations::status.eq(Status::ACTIVE)))
                .execute(connection)
                .await?;
            Ok(true)
        })
        .await
}
