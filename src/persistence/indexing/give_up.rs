//! Documents whose record goes to the dead letters.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::version::announce;
use crate::domain::document::VersionStatus;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::Fence;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::leases;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::document_versions;

/// Marks a version as failed when its record is given up, so that nobody waits for it. A replay of
/// the record can still index it.
pub async fn give_up(
    database: &Database,
    fence: &Fence,
    document: DocumentId,
    version: VersionId,
    reason: &str,
) -> Result<(), DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            leases::lock(connection, fence).await?;
            let waiting = document_versions::table
                .find(version)
                .filter(document_versions::document_id.eq(document))
                .filter(document_versions::status.eq(VersionStatus::Received));
            let marked = Prepared(diesel::update(waiting).set((
                document_versions::status.eq(VersionStatus::Failed),
                document_versions::reason.eq(reason),
            )))
            .execute(connection)
            .await?;
            if marked > 0 {
                announce(connection, "document.failed", document, version).await?;
            }
            Ok(())
        })
        .await
}
