//! The answers that cited a document, so that people can be told when guidance is recalled.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::ids::DocumentId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::schema::{citations, collections, documents, messages};

/// An answer that cited a document.
#[derive(Queryable, serde::Serialize, utoipa::ToSchema)]
pub struct ImpactRow {
    pub turn_id: Uuid,
    pub message_id: Uuid,
    pub version_id: Uuid,
    pub answered_at: DateTime<Utc>,
}

/// Lists the answers that cited a document, newest first, without their text or their owners.
pub async fn list_impact(
    database: &Database,
    document: DocumentId,
    limit: i64,
) -> Result<Vec<ImpactRow>, DbError> {
    Ok(citations::table
        .inner_join(messages::table.on(messages::id.eq(citations::message_id)))
        .filter(citations::document_id.eq(document))
        .select((
            citations::turn_id,
            citations::message_id,
            citations::version_id,
            messages::created_at,
        ))
        .distinct()
        .order(messages::created_at.desc())
        .limit(limit)
        .load(&mut database.connection().await?)
        .await?)
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
