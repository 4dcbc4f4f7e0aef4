//! Announces documents whose records the bus lost.

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

/// The most versions that one call announces, with one statement each, in one transaction.
pub const ANNOUNCED_AT_ONCE: usize = 1_000;

/// Announces versions of active documents again that have waited longer than `seconds`, unless they
/// were announced within that time or are about to be. A lost record must not leave a document
/// waiting forever; a document that only waits its turn is still handled once. Returns the number
/// of versions; there may be more if it is the most that one call announces.
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
