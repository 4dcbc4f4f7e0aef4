//! Embeddings that come later than their chunks: the model was changed.

use diesel::sql_types::{Array, BigInt, Bool, Integer, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::generation::{lock_generations, try_lock_session};
use super::{Generation, vector_text};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// A chunk that has no embedding of a generation.
#[derive(diesel::QueryableByName)]
pub struct UnembeddedChunk {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Of its document's version.
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub text: String,
}

/// Held by the one process that embeds what is missing, until it is dropped.
pub struct BackfillLock {
    _connection: Connection,
}

/// Takes the lock; `None` if another process has it.
pub async fn lock_backfill(database: &Database) -> Result<Option<BackfillLock>, DbError> {
    // Not given back to the pool: closing it frees the lock.
    let mut connection = database.connection().await?.leave_pool();
    let locked = try_lock_session(&mut connection, "backfill").await?;
    Ok(locked.then_some(BackfillLock {
        _connection: connection,
    }))
}

/// Chunks after this id that lack an embedding, in the order of their ids.
pub async fn list_unembedded(
    database: &Database,
    generation: Generation,
    after: i64,
    limit: i64,
) -> Result<Vec<UnembeddedChunk>, DbError> {
    Ok(statement(
        "SELECT k.id, v.title, k.text
         FROM chunks k JOIN document_versions v ON v.id = k.version_id
         WHERE k.id > $2 AND NOT EXISTS (SELECT FROM chunk_embeddings e
             WHERE e.chunk_id = k.id AND e.generation_id = $1)
         ORDER BY k.id LIMIT $3",
    )
    .bind::<Integer, _>(generation.id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?)
}

/// Stores embeddings by their chunks' ids. A chunk that is gone meanwhile is left out.
pub async fn insert_embeddings(
    database: &Database,
    generation: Generation,
    embeddings: &[(i64, Vec<f32>)],
) -> Result<(), DbError> {
    let ids: Vec<i64> = embeddings.iter().map(|(id, _)| *id).collect();
    let vectors: Vec<String> = embeddings.iter().map(|(_, v)| vector_text(v)).collect();
    statement(
        "INSERT INTO chunk_embeddings (generation_id, chunk_id, collection_id, embedding)
         SELECT $1, k.id, k.collection_id, input.vector::halfvec
         FROM unnest($2::bigint[], $3::text[]) AS input (id, vector)
         JOIN chunks k ON k.id = input.id
         FOR KEY SHARE OF k
         ON CONFLICT DO NOTHING",
    )
    .bind::<Integer, _>(generation.id)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(vectors)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Lets retrieval use a generation that lacks nothing; whether it is in use now.
pub async fn activate_if_complete(
    database: &Database,
    generation: Generation,
) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            lock_generations(connection).await?;
            let complete: Answer = statement(
                "SELECT NOT EXISTS (SELECT FROM chunks k WHERE NOT EXISTS (
                     SELECT FROM chunk_embeddings e
                     WHERE e.chunk_id = k.id AND e.generation_id = $1)) AS yes",
            )
            .bind::<Integer, _>(generation.id)
            .get_result(connection)
            .await?;
            if !complete.yes {
                return Ok(false);
            }
            for change in [
                "UPDATE embedding_generations SET status = 'retired'
                 WHERE status = 'active' AND id <> $1",
                "UPDATE embedding_generations SET status = 'active'
                 WHERE status <> 'active' AND id = $1",
            ] {
                statement(change)
                    .bind::<Integer, _>(generation.id)
                    .execute(connection)
                    .await?;
            }
            Ok(true)
        })
        .await
}
