//! Documents that answer no more.

use diesel::OptionalExtension;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::{UuidRow, audit};
use crate::domain::document::DocumentStatus;
use crate::domain::ids::DocumentId;
use crate::domain::messaging::topics;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;
use crate::persistence::{indexing, outbox};

/// What no search may return, whatever the index still holds.
const RETIRED: &str = "(d.status <> 'active' OR d.current_version_id IS NULL)";

/// Withdraws or deletes: unretrievable once this returns. `None` if there is no such document. What
/// the index holds of it can be removed later ([`remove_chunks`]): that may take its time, and would
/// wait for whoever writes the index.
pub async fn retire(
    database: &Database,
    collection: &str,
    external_id: &str,
    status: DocumentStatus,
    actor: &str,
) -> Result<Option<DocumentId>, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let row: Option<UuidRow> = statement(
                "UPDATE documents d SET status = $3, current_version_id = NULL, updated_at = now()
                 FROM collections c
                 WHERE c.id = d.collection_id AND c.name = $1 AND d.external_id = $2
                   AND d.status <> 'deleted' RETURNING d.id",
            )
            .bind::<Text, _>(collection)
            .bind::<Text, _>(external_id)
            .bind::<Text, _>(status.as_str())
            .get_result(connection)
            .await
            .optional()?;
            let Some(UuidRow { id }) = row else {
                return Ok(None);
            };
            if status == DocumentStatus::Deleted {
                statement("UPDATE document_versions SET bytes = NULL WHERE document_id = $1")
                    .bind::<SqlUuid, _>(id)
                    .execute(connection)
                    .await?;
            }
            outbox::insert(
                connection,
                topics::DOCUMENT_EVENTS,
                "document.withdrawn",
                &id.to_string(),
                json!({ "document_id": id, "status": status.as_str() }),
            )
            .await?;
            let action = format!("document.{}", status.as_str());
            audit(connection, actor, &action, id).await?;
            Ok(Some(id.into()))
        })
        .await
}

/// Removes some of the chunks of a retired document, so that nobody else who writes the index waits
/// for long. True if there may be more. A document that is active again keeps what it has, and one
/// that somebody else is at work on is left to them.
pub async fn remove_chunks(database: &Database, document: DocumentId) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            // First the index, for which it may have to wait: meanwhile nobody waits for the document.
            indexing::lock_lexical(connection).await?;
            let retired: Option<UuidRow> = statement(format!(
                "SELECT d.id FROM documents d WHERE d.id = $1 AND {RETIRED}
                 FOR NO KEY UPDATE SKIP LOCKED"
            ))
            .bind::<SqlUuid, _>(document.0)
            .get_result(connection)
            .await
            .optional()?;
            match retired {
                Some(UuidRow { id }) => indexing::drop_some_chunks(connection, id).await,
                None => Ok(false),
            }
        })
        .await
}

/// Some retired documents of which the index still holds something.
pub async fn list_retired(database: &Database, limit: i64) -> Result<Vec<DocumentId>, DbError> {
    let rows: Vec<UuidRow> = statement(format!(
        "SELECT d.id FROM documents d
         WHERE {RETIRED} AND EXISTS (SELECT FROM chunks k WHERE k.document_id = d.id) LIMIT $1"
    ))
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}
