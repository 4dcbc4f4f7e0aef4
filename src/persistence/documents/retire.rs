//! Documents that are withdrawn or deleted.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::erase;
use super::ids::list_ids;
use crate::domain::document::{DocumentStatus, VersionStatus};
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::topics;
use crate::persistence::audit::audit;
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{collections, document_versions, documents};
use crate::persistence::{indexing, outbox};

/// Withdraws or deletes a document: it is unretrievable once this returns. `None` if there is no
/// such document. [`remove_chunks`] removes its chunks from the index later, because that takes
/// time and has to wait for other writers of the index.
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
            let collections = collections::table
                .filter(collections::name.eq(collection))
                .select(collections::id);
            let one = documents::table
                .filter(documents::collection_id.eq_any(collections))
                .filter(documents::external_id.eq(external_id))
                .filter(documents::status.ne(DocumentStatus::Deleted));
            let retired = Prepared(
                diesel::update(one)
                    .set((
                        documents::status.eq(status),
                        documents::current_version_id.eq(None::<VersionId>),
                        documents::scheduled_version_id.eq(None::<VersionId>),
                        documents::scheduled_at.eq(None::<DateTime<Utc>>),
                        documents::updated_at.eq(now),
                    ))
                    .returning(documents::id),
            )
            .get_result::<DocumentId>(connection)
            .await
            .optional()?;
            let Some(id) = retired else {
                return Ok(None);
            };
            clear_versions(connection, id, status).await?;
            outbox::insert(
                connection,
                topics::DOCUMENT_EVENTS,
                "document.withdrawn",
                &id.to_string(),
                json!({ "document_id": id, "status": status.as_str() }),
            )
            .await?;
            let action = format!("document.{}", status.as_str());
            audit(connection, actor, &action, id, json!({})).await?;
            Ok(Some(id))
        })
        .await
}

/// Nobody can approve a draft of a retired document later; of a deleted one, bytes and text go.
async fn clear_versions(
    connection: &mut Connection,
    document: DocumentId,
    status: DocumentStatus,
) -> Result<(), DbError> {
    let drafts = document_versions::table
        .filter(document_versions::document_id.eq(document))
        .filter(document_versions::status.eq(VersionStatus::Draft));
    let superseded = document_versions::status.eq(VersionStatus::Superseded);
    Prepared(diesel::update(drafts).set(superseded))
        .execute(connection)
        .await?;
    if status == DocumentStatus::Deleted {
        erase::erase(connection, document).await?;
    }
    Ok(())
}

/// Removes some chunks of a document that no search may return, and that nobody can approve, so that
/// no other writer of the index waits for long. True if there may be more. A document that another
/// process works on is left to that process.
pub async fn remove_chunks(database: &Database, document: DocumentId) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            // Takes the lock of the index first, because it may have to wait, and nobody must wait
            // for the document meanwhile.
            indexing::lock_lexical(connection).await?;
            let free = documents::table
                .find(document)
                .select(documents::id)
                .for_no_key_update()
                .skip_locked()
                .get_result::<DocumentId>(connection)
                .await
                .optional()?;
            match free {
                Some(id) => indexing::drop_some_chunks(connection, id).await,
                None => Ok(false),
            }
        })
        .await
}

/// Lists some documents that still have chunks in the index which [`remove_chunks`] removes.
pub async fn list_retired(database: &Database, limit: i64) -> Result<Vec<DocumentId>, DbError> {
    list_ids(database, include_str!("retired.sql"), limit).await
}
