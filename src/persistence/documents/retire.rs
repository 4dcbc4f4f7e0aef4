//! Documents that are withdrawn or deleted.

use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::audit::audit;
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::topics;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{chunks, collections, document_versions, documents};
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
            if status == DocumentStatus::Deleted {
                let versions =
                    document_versions::table.filter(document_versions::document_id.eq(id));
                Prepared(diesel::update(versions).set(document_versions::bytes.eq(None::<&[u8]>)))
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
            Ok(Some(id))
        })
        .await
}

/// Selects the documents that no search may return, whatever the index still contains.
#[diesel::dsl::auto_type]
fn is_retired() -> _ {
    let active: DocumentStatus = DocumentStatus::Active;
    documents::status
        .ne(active)
        .or(documents::current_version_id.is_null())
}

/// Removes some chunks of a retired document, so that no other writer of the index waits for long.
/// True if there may be more. A document that is active again keeps its chunks, and a document that
/// another process works on is left to that process.
pub async fn remove_chunks(database: &Database, document: DocumentId) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            // Takes the lock of the index first, because it may have to wait, and nobody must wait
            // for the document meanwhile.
            indexing::lock_lexical(connection).await?;
            let retired = documents::table
                .find(document)
                .filter(is_retired())
                .select(documents::id)
                .for_no_key_update()
                .skip_locked()
                .get_result::<DocumentId>(connection)
                .await
                .optional()?;
            match retired {
                Some(id) => indexing::drop_some_chunks(connection, id).await,
                None => Ok(false),
            }
        })
        .await
}

/// Lists some retired documents that still have chunks in the index.
pub async fn list_retired(database: &Database, limit: i64) -> Result<Vec<DocumentId>, DbError> {
    let indexed = chunks::table.filter(chunks::document_id.eq(documents::id));
    Ok(documents::table
        .filter(is_retired())
        .filter(exists(indexed))
        .select(documents::id)
        .limit(limit)
        .load(&mut database.connection().await?)
        .await?)
}
