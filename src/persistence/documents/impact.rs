//! The answers that cited a document, so that people can be told when guidance is recalled.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::ids::DocumentId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::schema::{collections, documents};
use crate::persistence::statement::statement;

/// An answer that cited a document.
#[derive(QueryableByName, serde::Serialize, utoipa::ToSchema)]
pub struct ImpactRow {
    #[diesel(sql_type = SqlUuid)]
    pub turn_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub message_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub version_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub version: i32,
    #[diesel(sql_type = Timestamptz)]
    pub answered_at: DateTime<Utc>,
}

/// Lists the answers that cited a document, or one version of it, newest first, without their text
/// or their owners.
pub async fn list_impact(
    database: &Database,
    document: DocumentId,
    version: Option<i32>,
    limit: i64,
) -> Result<Vec<ImpactRow>, DbError> {
    let rows: Vec<ImpactRow> = statement(include_str!("impact.sql"))
        .bind::<SqlUuid, _>(document)
        .bind::<Nullable<Integer>, _>(version)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows)
}

/// Returns the name of a document's collection, for access checks.
pub async fn find_collection(
    database: &Database,
    document: DocumentId,
) -> Result<Option<String>, DbError> {
    Ok(documents::table
        .inner_join(collections::table)
        .filter(documents::id.eq(document))
        .select(collections::name)
        .get_result(&mut database.connection().await?)
        .await
        .optional()?)
}
