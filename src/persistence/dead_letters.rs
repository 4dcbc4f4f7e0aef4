//! Records that no handler could process: people look at them, and publish them again when the
//! cause is gone.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;

use super::database::Database;
use super::error::DbError;
use super::outbox::{MAX_EVENT_BYTES, insert_envelope};
use super::schema::dead_letters;
use super::statement::statement;
use crate::domain::ids::EventId;
use crate::domain::messaging::Envelope;

/// A dead letter: its position, its cause and its record. It contains ids and states only.
#[derive(Debug, Serialize, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct DeadLetter {
    pub id: i64,
    pub consumer_group: String,
    pub topic: String,
    pub partition: i32,
    pub record_offset: i64,
    pub cause: String,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub replayed_at: Option<DateTime<Utc>>,
    /// Absent if the event could not be stored; the first bytes of a record that was no event.
    pub envelope: Option<Value>,
}

/// Lists dead letters, oldest first; replayed ones only on request.
pub async fn list(
    database: &Database,
    replayed_too: bool,
    limit: i64,
) -> Result<Vec<DeadLetter>, DbError> {
    let waits = dead_letters::replayed_at.is_null();
    Ok(dead_letters::table
        .select(DeadLetter::as_select())
        .filter(replayed_too.into_sql::<Bool>().or(waits))
        .order(dead_letters::id)
        .limit(limit)
        .load(&mut database.connection().await?)
        .await?)
}

/// Returns one dead letter.
pub async fn find(database: &Database, id: i64) -> Result<Option<DeadLetter>, DbError> {
    Ok(dead_letters::table
        .find(id)
        .select(DeadLetter::as_select())
        .get_result(&mut database.connection().await?)
        .await
        .optional()?)
}

#[derive(QueryableByName)]
struct DeadRow {
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Jsonb)]
    envelope: Value,
}

/// Publishes a dead letter again, as a new event. False if it is unknown, was already replayed, is
/// not an event, or is too large for one.
pub async fn replay(database: &Database, id: i64) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let row: Option<DeadRow> = statement(include_str!("dead_letters/replay.sql"))
                .bind::<BigInt, _>(id)
                .bind::<Integer, _>(MAX_EVENT_BYTES)
                .get_result(connection)
                .await
                .optional()?;
            let Some(row) = row else {
                return Ok(false);
            };
            let mut envelope: Envelope = serde_json::from_value(row.envelope)
                .map_err(|_| DbError::Query("the dead letter contains no envelope".into()))?;
            envelope.event_id = EventId::new();
            insert_envelope(connection, &row.topic, &envelope).await?;
            Ok(true)
        })
        .await
}
