//! Documents whose record goes to the dead letters.

use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::announce;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::Fence;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::leases;
use crate::persistence::statement::statement;

/// Marks a version whose record is given up as failed, so that nobody waits for it. It can still
/// be indexed when the record is replayed.
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
            let marked = statement(
                "UPDATE document_versions SET status = 'failed', reason = $2
                 WHERE id = $1 AND document_id = $3 AND status = 'received'",
            )
            .bind::<SqlUuid, _>(version.0)
            .bind::<Text, _>(reason)
            .bind::<SqlUuid, _>(document.0)
            .execute(connection)
            .await?;
            if marked > 0 {
                announce(connection, "document.failed", document, version).await?;
            }
            Ok(())
        })
        .await
}
