//! Documents whose record a bus lost.

use diesel::sql_types::{BigInt, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use crate::domain::messaging::topics;
use crate::persistence::statement::statement;
use crate::persistence::{Database, DbError, outbox};

/// Announces again the versions that have waited longer than `seconds`: a record that a bus lost
/// must not leave a document waiting for ever. Returns how many.
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
            let rows: Vec<Waiting> = statement(
                "SELECT v.document_id, v.id FROM document_versions v
                 WHERE v.status = 'received' AND v.created_at < now() - make_interval(secs => $1)
                   AND NOT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)
                 ORDER BY v.created_at LIMIT $2 FOR UPDATE SKIP LOCKED",
            )
            .bind::<Integer, _>(seconds)
            .bind::<BigInt, _>(10_000)
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
