//! The parts of a ranking besides the scores of the legs.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Float, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::indexing::{Generation, vector_text};
use crate::persistence::statement::statement;

/// The surroundings of a chunk.
#[derive(Clone, Debug, QueryableByName)]
pub struct Surroundings {
    #[diesel(sql_type = BigInt)]
    pub chunk_id: i64,
    /// The cosine of the chunk with the query; absent without a vector.
    #[diesel(sql_type = Nullable<Float>)]
    pub cosine: Option<f32>,
    /// The mean cosine of the chunk and up to two chunks on either side.
    #[diesel(sql_type = Nullable<Float>)]
    pub near: Option<f32>,
    /// For each term of the title: how often it stands there, its idf, and whether the query has it.
    #[diesel(sql_type = Array<Integer>)]
    pub counts: Vec<i32>,
    #[diesel(sql_type = Array<Double>)]
    pub idfs: Vec<f64>,
    #[diesel(sql_type = Array<Bool>)]
    pub asked: Vec<bool>,
}

/// Returns the surroundings of chunks, in any order.
pub async fn list_surroundings(
    database: &Database,
    generation: Generation,
    chunks: &[i64],
    query: &str,
    vector: Option<&[f32]>,
) -> Result<Vec<Surroundings>, DbError> {
    Ok(statement(include_str!("surroundings.sql"))
        .bind::<Array<BigInt>, _>(chunks)
        .bind::<Text, _>(query)
        .bind::<Nullable<Text>, _>(vector.map(vector_text))
        .bind::<Integer, _>(generation.id)
        .load(&mut database.connection().await?)
        .await?)
}
