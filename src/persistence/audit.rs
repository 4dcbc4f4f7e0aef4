//! The audit log of documents: who did what.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::connection::Connection;
use super::error::DbError;
use super::schema::audit_log;
use crate::domain::ids::DocumentId;

/// Adds an entry in the caller's transaction. The details hold ids and numbers, never text of a
/// document.
pub(super) async fn audit(
    connection: &mut Connection,
    actor: &str,
    action: &str,
    document: DocumentId,
    details: Value,
) -> Result<(), DbError> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::actor.eq(actor),
            audit_log::action.eq(action),
            audit_log::subject_type.eq("document"),
            audit_log::subject_id.eq(document.to_string()),
            audit_log::details.eq(details),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
