//! Records that no handler could finish: looked at by people, and published again when the cause
//! is gone.

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;

use super::database::Database;
use super::error::DbError;
use super::outbox::{MAX_EVENT_BYTES, insert_envelope};
use super::statement::statement;
use crate::domain::ids::EventId;
use crate::domain::messaging::Envelope;

/// A dead letter: where it stood, why it was given up, and what it was. Ids and states only.
#[derive(Debug, Serialize, diesel::QueryableByName)]
pub struct DeadLetter {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub consumer_group: String,
    #[diesel(sql_type = Text)]
    pub topic: String,
    #[diesel(sql_type = Integer)]
    pub partition: i32,
    #[diesel(sql_type = BigInt)]
    pub record_offset: i64,
    #[diesel(sql_type = Text)]
    pub cause: String,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub replayed_at: Option<DateTime<Utc>>,
    /// Absent if it could not be stored; of a record that was no event, its first bytes.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub envelope: Option<Value>,
}

const COLUMNS: &str = "id, consumer_group, topic, partition, record_offset, cause, attempts, \
    created_at, replayed_at, envelope";

/// Dead letters, oldest first; those that were replayed only if asked for.
pub async fn list(
    database: &Database,
    replayed_too: bool,
    limit: i64,
) -> Result<Vec<DeadLetter>, DbError> {
    Ok(statement(format!(
        "SELECT {COLUMNS} FROM dead_letters WHERE $1 OR replayed_at IS NULL ORDER BY id LIMIT $2"
    ))
    .bind::<Bool, _>(replayed_too)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?)
}

/// One dead letter.
pub async fn find(database: &Database, id: i64) -> Result<Option<DeadLetter>, DbError> {
    Ok(
        statement(format!("SELECT {COLUMNS} FROM dead_letters WHERE id = $1"))
            .bind::<BigInt, _>(id)
            .get_result(&mut database.connection().await?)
            .await
            .optional()?,
    )
}

#[derive(diesel::QueryableByName)]
struct DeadRow {
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Jsonb)]
    envelope: Value,
}

/// Publishes a dead letter again, as a new event. False if it is unknown, was replayed before, was
/// never an event, or is larger than an event may be.
pub async fn replay(database: &Database, id: i64) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let row: Option<DeadRow> = statement(
                "UPDATE dead_letters SET replayed_at = now()
                 WHERE id = $1 AND replayed_at IS NULL AND envelope IS NOT NULL
                   AND envelope ->> 'kind' <> 'undecodable'
                   AND octet_length(envelope::text) <= $2
                 RETURNING topic, envelope",
            )
            .bind::<BigInt, _>(id)
            .bind::<Integer, _>(MAX_EVENT_BYTES)
            .get_result(connection)
            .await
            .optional()?;
            let Some(row) = row else {
                return Ok(false);
            };
            let mut envelope: Envelope = serde_json::from_value(row.envelope)
                .map_err(|_| DbError::Query("the dead letter holds no envelope".into()))?;
            envelope.event_id = EventId::new();
            insert_envelope(connection, &row.topic, &envelope).await?;
            Ok(true)
        })
        .await
}
