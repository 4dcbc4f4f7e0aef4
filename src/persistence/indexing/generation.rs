//! Embedding generations: vectors of one model and dimension, each with an index of its own.

use std::time::Duration;

use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Building an index over many millions of chunks takes hours.
const LONGEST_BUILD: Duration = Duration::from_hours(24);

/// A set of embeddings made by one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    pub id: i32,
    pub dimension: i32,
}

#[derive(diesel::QueryableByName)]
struct GenerationRow {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    dimension: i32,
}

/// The generation of this model, created if it is new. It starts active when no other is; otherwise
/// it is built beside the active one.
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
            statement(
                "INSERT INTO embedding_generations (model, dimension, status)
                 SELECT $1, $2, CASE WHEN EXISTS (SELECT FROM embedding_generations
                     WHERE status = 'active') THEN 'building' ELSE 'active' END
                 ON CONFLICT (model, dimension) DO NOTHING",
            )
            .bind::<Text, _>(model)
            .bind::<Integer, _>(dimension)
            .execute(connection)
            .await?;
            let row: GenerationRow = statement(
                "SELECT id, dimension FROM embedding_generations
                 WHERE model = $1 AND dimension = $2",
            )
            .bind::<Text, _>(model)
            .bind::<Integer, _>(dimension)
            .get_result(connection)
            .await?;
            Ok(Generation {
                id: row.id,
                dimension: row.dimension,
            })
        })
        .await
}

/// One change of the generations at a time, until the transaction ends.
pub(super) async fn lock_generations(connection: &mut Connection) -> Result<(), DbError> {
    statement("SELECT pg_advisory_xact_lock(hashtext('chatbot.generation ' || current_schema()))")
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a lock of this schema that is held until the connection closes; false if another has it.
pub(super) async fn try_lock_session(
    connection: &mut Connection,
    name: &str,
) -> Result<bool, DbError> {
    let lock: LockRow = statement(
        "SELECT pg_try_advisory_lock(hashtext('chatbot.' || $1 || ' ' || current_schema()))
             AS locked",
    )
    .bind::<Text, _>(name)
    .get_result(connection)
    .await?;
    Ok(lock.locked)
}

#[derive(diesel::QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Nullable<Bool>)]
    valid: Option<bool>,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
}

#[derive(diesel::QueryableByName)]
struct LockRow {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Builds the generation's HNSW index once there are more than `exact_scan_max_chunks` chunks:
/// below that every search scans exactly, and an index would only cost its upkeep, which is more
/// than all else that storing a chunk costs. Writers go on meanwhile. True if it was built now.
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
    // Not given back to the pool: closing it frees the lock and forgets the settings, however the
    // build ends.
    let mut connection = connection.leave_pool().with_deadline(LONGEST_BUILD);
    let locked = try_lock_session(&mut connection, "hnsw").await?;
    // Asked again under the lock: whoever held it may have built the index.
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
    let found: IndexRow = statement(
        "SELECT (SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = 'chunk_embeddings'::regclass AND c.relname = $1) AS valid,
             chunks FROM lexical_stats",
    )
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
    // The literals are numbers of ours; an index predicate takes no parameters. A build that was
    // interrupted leaves an index that is not valid.
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
