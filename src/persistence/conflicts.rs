//! Passages of two documents that say nearly the same with different numbers.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Float, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::DbError;
use super::indexing::{Generation, vector_text};
use super::statement::statement;
use crate::domain::governance::Conflict;
use crate::domain::ids::{DocumentId, VersionId};

/// The nearest passages of other documents that are compared with each passage.
const NEAREST: i64 = 4;
/// The most conflicts of a document that are listed.
const LISTED: i64 = 200;

/// A passage of another document that is near a new passage.
#[derive(QueryableByName)]
pub struct Neighbour {
    /// The place of the new passage among the given ones, starting at 1.
    #[diesel(sql_type = BigInt)]
    pub nth: i64,
    #[diesel(sql_type = SqlUuid)]
    pub version_id: VersionId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Integer)]
    pub start: i32,
    #[diesel(sql_type = Text)]
    pub text: String,
    #[diesel(sql_type = Float)]
    pub similarity: f32,
}

/// Lists the passages of other documents that answer now and are at least this near to one of the
/// vectors. Documents for another jurisdiction or another audience are left out.
pub async fn list_neighbours(
    database: &Database,
    generation: Generation,
    version: VersionId,
    vectors: &[&[f32]],
    similarity: f32,
) -> Result<Vec<Neighbour>, DbError> {
    let dimension = generation.dimension;
    let distance = format!("e.embedding::halfvec({dimension}) <=> q.vector");
    let sql = include_str!("conflicts/neighbours.sql")
        .replace("{distance}", &distance)
        .replace("{dimension}", &dimension.to_string())
        .replace("{generation}", &generation.id.to_string());
    let vectors: Vec<String> = vectors.iter().map(|vector| vector_text(vector)).collect();
    Ok(statement(sql)
        .bind::<SqlUuid, _>(version)
        .bind::<Array<Text>, _>(vectors)
        .bind::<Float, _>(similarity)
        .bind::<BigInt, _>(NEAREST)
        .load(&mut database.connection().await?)
        .await?)
}

#[derive(QueryableByName)]
struct ConflictRow {
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Integer)]
    start_offset: i32,
    #[diesel(sql_type = Integer)]
    end_offset: i32,
    #[diesel(sql_type = Array<Text>)]
    quantities: Vec<String>,
    #[diesel(sql_type = SqlUuid)]
    other_document_id: DocumentId,
    #[diesel(sql_type = Text)]
    other_collection: String,
    #[diesel(sql_type = Text)]
    other_external_id: String,
    #[diesel(sql_type = Text)]
    other_title: String,
    #[diesel(sql_type = Integer)]
    other_version: i32,
    #[diesel(sql_type = Integer)]
    other_start_offset: i32,
    #[diesel(sql_type = Integer)]
    other_end_offset: i32,
    #[diesel(sql_type = Array<Text>)]
    other_quantities: Vec<String>,
    #[diesel(sql_type = Float)]
    similarity: f32,
    #[diesel(sql_type = Timestamptz)]
    found_at: DateTime<Utc>,
}

/// Lists the conflicts of a document with documents of these collections; `None` means every
/// collection. Versions that were replaced or stopped meanwhile are left out.
pub async fn list(
    database: &Database,
    document: DocumentId,
    collections: Option<&[String]>,
) -> Result<Vec<Conflict>, DbError> {
    let rows: Vec<ConflictRow> = statement(include_str!("conflicts/list.sql"))
        .bind::<SqlUuid, _>(document)
        .bind::<diesel::sql_types::Nullable<Array<Text>>, _>(collections)
        .bind::<BigInt, _>(LISTED)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

impl From<ConflictRow> for Conflict {
    fn from(row: ConflictRow) -> Self {
        Self {
            version: row.version,
            start: row.start_offset,
            end: row.end_offset,
            quantities: row.quantities,
            other_document_id: row.other_document_id,
            other: format!("{}/{}", row.other_collection, row.other_external_id),
            other_title: row.other_title,
            other_version: row.other_version,
            other_start: row.other_start_offset,
            other_end: row.other_end_offset,
            other_quantities: row.other_quantities,
            similarity: row.similarity,
            found_at: row.found_at,
        }
    }
}
