//! Documents whose record a bus lost.

use diesel::sql_types::{BigInt, Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::chunks::ordinal;
use crate::domain::messaging::topics;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::outbox;
use crate::persistence::statement::statement;

/// Versions that one call announces at most: one statement each, in one transaction.
pub const ANNOUNCED_AT_ONCE: usize = 1_000;

/// Announces again the versions of active documents that have waited longer than `seconds`, unless
/// they were announced within that time or are about to be: a record that a bus lost must not leave
/// a document waiting for ever. One that waits for its turn only is handled once all the same.
/// Returns how many; if it is as many as one call may, there may be more.
pub async fn reannounce_received(database: &Database, seconds: i32) -> Result<usize, DbError> {
    #[derive(diesel::QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = SqlUuid)]
        document_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let rows: Vec<Waiting> = statement(include_str!("lock_waiting.sql"))
                .bind::<Integer, _>(seconds)
                .bind::<BigInt, _>(ordinal(ANNOUNCED_AT_ONCE))
                .bind::<Text, _>(topics::DOCUMENT_COMMANDS)
                .load(connection)
                .await?;
            for row in &rows {
                outbox::insert(
                    connection,
                    topics::DOCUMENT_COMMANDS,
                    "document.received",
                    &row.document_id.to_string(),
                    json!({ "document_id": row.document_id, "version_id": row.id }),
                )
                .await?;
            }
            Ok(rows.len())
        })
        .await
}
