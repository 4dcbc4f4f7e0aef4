//! Embedding generations: the vectors of one model and dimension, with an index of their own.

use std::time::Duration;

use diesel::dsl::{case_when, exists};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::locks;
use crate::persistence::schema::embedding_generations;
use crate::persistence::statement::statement;

/// Building an index over many millions of chunks takes hours.
const LONGEST_BUILD: Duration = Duration::from_hours(24);

/// The embeddings of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = embedding_generations, check_for_backend(Pg))]
pub struct Generation {
    pub id: i32,
    pub dimension: i32,
}

/// The status of a generation, which only this module uses.
pub(super) struct Status;

impl Status {
    pub const BUILDING: &str = "building";
    pub const ACTIVE: &str = "active";
    pub const RETIRED: &str = "retired";
}

/// Returns the generation of this model, and creates it if it is new. It starts active if no other
/// is; otherwise it is built beside the active one.
pub async fn ensure_generation(
    database: &Database,
    model: &str,
    dimension: usize,
) -> Result<Generation, DbError> {
    let dimension =
        i32::try_from(dimension).map_err(|_| DbError::Query("dimension too large".into()))?;
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            lock_generations(connection).await?;
            let active = embedding_generations::table
                .filter(embedding_generations::status.eq(Status::ACTIVE));
            let status = case_when(exists(active), Status::BUILDING.into_sql::<Text>())
                .otherwise(Status::ACTIVE.into_sql::<Text>());
            diesel::insert_into(embedding_generations::table)
                .values((
                    embedding_generations::model.eq(model),
                    embedding_generations::dimension.eq(dimension),
                    embedding_generations::status.eq(status),
                ))
                .on_conflict((
                    embedding_generations::model,
                    embedding_generations::dimension,
                ))
                .do_nothing()
                .execute(connection)
                .await?;
            Ok(embedding_generations::table
                .filter(embedding_generations::model.eq(model))
                .filter(embedding_generations::dimension.eq(dimension))
                .select(Generation::as_select())
                .get_result(connection)
                .await?)
        })
        .await
}

/// Admits one change of the generations at a time, until the transaction ends.
pub(super) async fn lock_generations(connection: &mut Connection) -> Result<(), DbError> {
    locks::lock(connection, "generation").await
}

#[derive(diesel::QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Nullable<Bool>)]
    valid: Option<bool>,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
}

/// Builds the generation's HNSW index once there are more than `exact_scan_max_chunks` chunks.
/// Below that every search scans exactly, and an index would cost more than everything else about
/// storing a chunk. Writers continue meanwhile. True if the index was built now.
pub async fn ensure_hnsw(
    database: &Database,
    generation: Generation,
    exact_scan_max_chunks: i64,
) -> Result<bool, DbError> {
    let name = format!("chunk_embeddings_hnsw_{}", generation.id);
    let mut connection = database.connection().await?;
    if !pays(&mut connection, &name, exact_scan_max_chunks).await? {
        return Ok(false);
    }
    // The connection does not return to the pool: closing it frees the lock and drops the settings,
    // whatever the result of the build.
    let mut connection = connection.leave_pool().with_deadline(LONGEST_BUILD);
    let locked = locks::try_lock_session(&mut connection, "hnsw").await?;
    // Asks again under the lock, because its previous holder may have built the index.
    if !locked || !pays(&mut connection, &name, exact_scan_max_chunks).await? {
        return Ok(false);
    }
    build_hnsw(&mut connection, generation, &name).await?;
    Ok(true)
}

async fn pays(
    connection: &mut Connection,
    name: &str,
    exact_scan_max_chunks: i64,
) -> Result<bool, DbError> {
    let found: IndexRow = statement(include_str!("index_state.sql"))
        .bind::<Text, _>(name)
        .get_result(connection)
        .await?;
    Ok(found.valid != Some(true) && found.chunks > exact_scan_max_chunks)
}

async fn build_hnsw(
    connection: &mut Connection,
    Generation { id, dimension, .. }: Generation,
    name: &str,
) -> Result<(), DbError> {
    // The literals are the program's own numbers, because an index predicate takes no parameters.
    // An interrupted build leaves an invalid index.
    for step in [
        "SET statement_timeout = 0".to_owned(),
        format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"),
        format!(
            "CREATE INDEX CONCURRENTLY {name} ON chunk_embeddings
             USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops)
             WHERE generation_id = {id}"
        ),
    ] {
        diesel::sql_query(step).execute(connection).await?;
    }
    Ok(())
}
