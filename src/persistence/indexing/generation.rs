//! Embedding generations: vectors of one model and dimension, each with an index of its own.

use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::persistence::statement::statement;
use crate::persistence::{Database, DbError};

/// A set of embeddings made by one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    pub id: i32,
    pub dimension: i32,
    /// Whether every chunk has its embedding, so that retrieval may use it.
    pub active: bool,
}

#[derive(diesel::QueryableByName)]
struct GenerationRow {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    dimension: i32,
    #[diesel(sql_type = Text)]
    status: String,
}

/// The generation of this model, created with its own HNSW index if it is new. It starts active
/// when no other is; otherwise it is built beside the active one.
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
            statement("SELECT pg_advisory_xact_lock(hashtext('chatbot.generation'))")
                .execute(connection)
                .await?;
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
                "SELECT id, dimension, status FROM embedding_generations
                 WHERE model = $1 AND dimension = $2",
            )
            .bind::<Text, _>(model)
            .bind::<Integer, _>(dimension)
            .get_result(connection)
            .await?;
            // The literals are numbers of ours; an index predicate takes no parameters.
            diesel::sql_query(format!(
                "CREATE INDEX IF NOT EXISTS chunk_embeddings_hnsw_{id} ON chunk_embeddings
                 USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops)
                 WHERE generation_id = {id}",
                id = row.id
            ))
            .execute(connection)
            .await?;
            Ok(Generation {
                id: row.id,
                dimension: row.dimension,
                active: row.status == "active",
            })
        })
        .await
}
