//! The audit log of documents: who did what.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::ids::DocumentId;
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::schema::audit_log;

/// Adds an entry in the caller's transaction.
pub(super) async fn audit(
    connection: &mut Connection,
    actor: &str,
    action: &str,
    document: DocumentId,
) -> Result<(), DbError> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::actor.eq(actor),
            audit_log::action.eq(action),
            audit_log::subject_type.eq("document"),
            audit_log::subject_id.eq(document.to_string()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
