//! Which answers cited a document, so that people can be told when guidance is recalled.

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::ids::DocumentId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// An answer that cited a document.
#[derive(diesel::QueryableByName, serde::Serialize, utoipa::ToSchema)]
pub struct ImpactRow {
    #[diesel(sql_type = SqlUuid)]
    pub turn_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub message_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub version_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub answered_at: DateTime<Utc>,
}

/// The answers that cited a document, newest first, without their text or their owners.
pub async fn list_impact(
    database: &Database,
    document: DocumentId,
    limit: i64,
) -> Result<Vec<ImpactRow>, DbError> {
    Ok(statement(
        "SELECT DISTINCT c.turn_id, c.message_id, c.version_id, m.created_at AS answered_at
         FROM citations c JOIN messages m ON m.id = c.message_id
         WHERE c.document_id = $1 ORDER BY m.created_at DESC LIMIT $2",
    )
    .bind::<SqlUuid, _>(document.0)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?)
}

/// The name of a document's collection, for access checks.
pub async fn find_collection(
    database: &Database,
    document: DocumentId,
) -> Result<Option<String>, DbError> {
    let row: Option<NameRow> = statement(
        "SELECT c.name FROM documents d JOIN collections c ON c.id = d.collection_id
         WHERE d.id = $1",
    )
    .bind::<SqlUuid, _>(document.0)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    Ok(row.map(|row| row.name))
}

#[derive(diesel::QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
}
