//! The versions that wait to become searchable, or that cannot.

use diesel::dsl::{case_when, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;

use super::deadline::LONGEST_CALL;
use crate::domain::document::{DocumentStatus, VersionStatus};
use crate::domain::ids::{DocumentId, EventId, VersionId};
use crate::domain::messaging::{Fence, topics};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::outbox;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{document_versions, documents};

/// A version for a worker to index.
#[derive(Queryable)]
pub struct PendingVersion {
    pub document_id: Uuid,
    pub collection_id: i32,
    pub version: i32,
    pub external_id: String,
    pub title: String,
    pub media_type: String,
    pub status: VersionStatus,
    /// Whether somebody released the version from quarantine.
    pub released: bool,
    /// Whether the version takes effect later.
    pub later: bool,
    pub bytes: Option<Vec<u8>>,
}

/// The proof of a handled record: ownership, position and identity.
pub struct Receipt<'a> {
    pub fence: &'a Fence,
    pub offset: i64,
    pub event_id: EventId,
}

/// Returns the version, unless its document was withdrawn or deleted meanwhile. Its bytes are
/// included while there is something to do; a failed version may be tried again.
pub async fn find_version(
    database: &Database,
    version: VersionId,
) -> Result<Option<PendingVersion>, DbError> {
    let unindexed =
        document_versions::status.eq_any([VersionStatus::Received, VersionStatus::Failed]);
    let effective_from = document_versions::effective_from;
    let later = effective_from
        .is_not_null()
        .and(effective_from.assume_not_null().gt(now));
    Ok(document_versions::table
        .inner_join(documents::table)
        .filter(document_versions::id.eq(version))
        .filter(documents::status.eq(DocumentStatus::Active))
        .select((
            document_versions::document_id,
            documents::collection_id,
            document_versions::version,
            documents::external_id,
            document_versions::title,
            document_versions::media_type,
            document_versions::status,
            document_versions::released_by.is_not_null(),
            later,
            case_when(unindexed, document_versions::bytes),
        ))
        .get_result(&mut database.connection_for(LONGEST_CALL).await?)
        .await
        .optional()?)
}

/// Marks the status of a version, with a reason in words for people.
pub(super) async fn mark(
    connection: &mut Connection,
    version: VersionId,
    status: VersionStatus,
    reason: Option<&str>,
) -> Result<(), DbError> {
    Prepared(diesel::update(document_versions::table.find(version)).set((
        document_versions::status.eq(status),
        document_versions::reason.eq(reason),
    )))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn announce(
    connection: &mut Connection,
    kind: &str,
    document: DocumentId,
    version: VersionId,
) -> Result<(), DbError> {
    outbox::insert(
        connection,
        topics::DOCUMENT_EVENTS,
        kind,
        &document.to_string(),
        json!({ "document_id": document, "version_id": version }),
    )
    .await
}
