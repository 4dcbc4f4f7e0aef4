//! The log of changes to the searchable chunks, and the chunks for an index in memory.
//!
//! Triggers write the log (migration 8). A reader keeps a [`Position`] in it. Reading a version's
//! chunks after its row in the log gives that state or a later one, whose row follows.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Float, Integer, Nullable, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Database;
use super::error::DbError;
use super::indexing::Generation;
use super::statement::statement;

/// How long the log keeps a row. A reader that was away for longer cannot know what it missed.
pub const KEPT: Duration = Duration::from_hours(1);

/// The changes that a reader knows: those of every transaction below `horizon`, and of `beyond`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// When the server started. Another server may have lost transactions and use their numbers again.
    pub server: i64,
    pub horizon: i64,
    pub beyond: Vec<i64>,
}

/// The changes after a position, and the state of the index.
#[derive(Debug, QueryableByName)]
pub struct Changes {
    #[diesel(sql_type = BigInt)]
    pub server: i64,
    #[diesel(sql_type = BigInt)]
    pub horizon: i64,
    /// The transactions with changes.
    #[diesel(sql_type = Array<BigInt>)]
    pub transactions: Vec<i64>,
    #[diesel(sql_type = Array<SqlUuid>)]
    pub versions: Vec<Uuid>,
    /// The time since the oldest of the changes; 0 if there is none.
    #[diesel(sql_type = Double)]
    pub age_seconds: f64,
    /// The time of this look, by the database's clock, in seconds.
    #[diesel(sql_type = Double)]
    pub read_at: f64,
    /// All indexed chunks, drafts included.
    #[diesel(sql_type = BigInt)]
    pub chunks: i64,
    /// Whether no chunk lacked an embedding when the generation was first used.
    #[diesel(sql_type = Bool)]
    pub embedded: bool,
}

impl Changes {
    /// The position once these changes are known too.
    pub fn position_after(&self, before: &Position) -> Position {
        let known = before.beyond.iter().chain(&self.transactions);
        let beyond = known.copied().filter(|number| *number >= self.horizon);
        Position {
            server: self.server,
            horizon: self.horizon,
            beyond: beyond.collect(),
        }
    }
}

/// Lists the changes after a position.
pub async fn list_changes(
    database: &Database,
    generation: Generation,
    position: &Position,
) -> Result<Changes, DbError> {
    Ok(statement(include_str!("index_changes/list.sql"))
        .bind::<BigInt, _>(position.horizon)
        .bind::<Array<BigInt>, _>(&position.beyond)
        .bind::<Integer, _>(generation.id)
        .get_result(&mut database.connection().await?)
        .await?)
}

/// A chunk that a search may find.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct ListedChunk {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = SqlUuid)]
    pub version_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub collection_id: i32,
    #[diesel(sql_type = Bool)]
    pub embedded: bool,
}

/// Lists the chunks of some versions that a search may find, in the order of their ids.
pub async fn list_chunks(
    database: &Database,
    generation: Generation,
    versions: &[Uuid],
) -> Result<Vec<ListedChunk>, DbError> {
    Ok(statement(include_str!("index_changes/list_chunks.sql"))
        .bind::<Array<SqlUuid>, _>(versions)
        .bind::<Integer, _>(generation.id)
        .load(&mut database.connection().await?)
        .await?)
}

/// Lists the ids of chunks after this one that a search may find.
pub async fn list_chunks_after(
    database: &Database,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, DbError> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let rows: Vec<Id> = statement(include_str!("index_changes/list_after.sql"))
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A chunk with everything that the two legs of a search need.
#[derive(Clone, Debug, QueryableByName)]
pub struct LoadedChunk {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = SqlUuid)]
    pub version_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub collection_id: i32,
    /// The place in the version, from 1.
    #[diesel(sql_type = Integer)]
    pub ordinal: i32,
    #[diesel(sql_type = Nullable<Array<Float>>)]
    pub embedding: Option<Vec<f32>>,
    /// The ids of the terms, and the BM25 impact of each.
    #[diesel(sql_type = Array<Integer>)]
    pub terms: Vec<i32>,
    #[diesel(sql_type = Array<Float>)]
    pub impacts: Vec<f32>,
    /// The ids of the title's terms, and how often each stands there.
    #[diesel(sql_type = Array<Integer>)]
    pub title_terms: Vec<i32>,
    #[diesel(sql_type = Array<Integer>)]
    pub title_counts: Vec<i32>,
    /// The title that people see, and the text, for the words of the collection.
    #[diesel(sql_type = Text)]
    pub text: String,
}

/// Loads those of the chunks that a search may find. Their ids should be close together.
pub async fn load_chunks(
    database: &Database,
    generation: Generation,
    ids: &[i64],
) -> Result<Vec<LoadedChunk>, DbError> {
    Ok(statement(include_str!("index_changes/load.sql"))
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Integer, _>(generation.id)
        .load(&mut database.connection().await?)
        .await?)
}

/// Removes old rows from the log.
pub async fn prune_changes(database: &Database) -> Result<usize, DbError> {
    Ok(statement(include_str!("index_changes/prune.sql"))
        .bind::<Double, _>(KEPT.as_secs_f64())
        .execute(&mut database.connection().await?)
        .await?)
}
