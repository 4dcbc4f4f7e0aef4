//! Events that wait to be published: written with the effects they tell of, read by one relay.

use std::time::Duration;

use async_trait::async_trait;
use diesel::sql_types::{Array, BigInt, Bool, Double, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::statement::statement;
use crate::domain::ids::EventId;
use crate::domain::messaging::{
    Envelope, LeftOut, OutboxRecord, OutboxStore, Publish, Relayed, StoreError,
};
use crate::domain::time;

/// An event that the bus cannot carry would block every later one: refused where it is made.
pub(super) const MAX_EVENT_BYTES: i32 = 256 * 1024;
/// A relay's transaction, which lasts until the bus has taken the batch, or has not in time.
const LONGEST_RELAY: Duration = Duration::from_mins(1);
/// Each of the statements of one prune may take as long as a statement may.
const LONGEST_PRUNE: Duration = Duration::from_mins(1);
/// Rows deleted by one prune, so that it stays short.
const PRUNE_LIMIT: i64 = 10_000;

/// Adds an event in the caller's transaction. The payload holds ids and states, never text.
pub(super) async fn insert(
    connection: &mut Connection,
    topic: &str,
    kind: &str,
    key: &str,
    payload: Value,
) -> Result<(), DbError> {
    let envelope = Envelope {
        event_id: EventId::new(),
        kind: kind.to_owned(),
        version: 1,
        occurred_at: time::now(),
        key: key.to_owned(),
        payload,
    };
    insert_envelope(connection, topic, &envelope).await
}

pub(super) async fn insert_envelope(
    connection: &mut Connection,
    topic: &str,
    envelope: &Envelope,
) -> Result<(), DbError> {
    let value = serde_json::to_value(envelope)
        .map_err(|_| DbError::Query("an event cannot be encoded".into()))?;
    let bytes = i32::try_from(value.to_string().len()).unwrap_or(i32::MAX);
    if bytes > MAX_EVENT_BYTES {
        return Err(DbError::Query("an event is too large for the bus".into()));
    }
    statement("INSERT INTO outbox (event_id, topic, envelope) VALUES ($1, $2, $3)")
        .bind::<SqlUuid, _>(envelope.event_id.0)
        .bind::<Text, _>(topic)
        .bind::<Jsonb, _>(value)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds an event that belongs to no other effect, in a transaction of its own.
pub async fn enqueue(
    database: &Database,
    topic: &str,
    kind: &str,
    key: &str,
    payload: Value,
) -> Result<(), DbError> {
    let mut connection = database.connection().await?;
    insert(&mut connection, topic, kind, key, payload).await
}

#[derive(diesel::QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Jsonb)]
    envelope: Value,
}

#[derive(diesel::QueryableByName)]
struct LockRow {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

#[derive(diesel::QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The relay's lock, free again at the end of the transaction.
async fn try_lock(connection: &mut Connection) -> Result<bool, DbError> {
    let row: LockRow = statement(
        "SELECT pg_try_advisory_xact_lock(hashtext('chatbot.outbox ' || current_schema()))
             AS locked",
    )
    .get_result(connection)
    .await?;
    Ok(row.locked)
}

async fn list_waiting(
    connection: &mut Connection,
    limit: i64,
    left_out: &LeftOut,
) -> Result<Vec<OutboxRecord>, DbError> {
    // A subquery, because it is hashed: `<> ALL` may compare each row with each id.
    let rows: Vec<WaitingRow> = statement(
        "SELECT id, topic, envelope FROM outbox
         WHERE published_at IS NULL AND topic <> ALL($2) AND id NOT IN (SELECT unnest($3))
         ORDER BY id LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .bind::<Array<Text>, _>(&left_out.topics)
    .bind::<Array<BigInt>, _>(&left_out.ids)
    .load(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let envelope = serde_json::from_value(row.envelope)
                .map_err(|_| DbError::Query(format!("outbox row {} holds no envelope", row.id)))?;
            Ok(OutboxRecord {
                id: row.id,
                topic: row.topic,
                envelope,
            })
        })
        .collect()
}

async fn relay(
    database: &Database,
    limit: i64,
    left_out: &LeftOut,
    publish: &(dyn Publish + '_),
) -> Result<Relayed, DbError> {
    let mut connection = database.connection_for(LONGEST_RELAY).await?;
    connection
        .transaction(async |connection| {
            if !try_lock(connection).await? {
                return Ok(Relayed::default());
            }
            let records = list_waiting(connection, limit, left_out).await?;
            if records.is_empty() {
                return Ok(Relayed::default());
            }
            let ids = publish.publish(&records).await;
            statement("UPDATE outbox SET published_at = now() WHERE id = ANY($1)")
                .bind::<Array<BigInt>, _>(&ids)
                .execute(connection)
                .await?;
            Ok(Relayed {
                read: records.len(),
                published: ids.len(),
            })
        })
        .await
}

#[async_trait]
impl OutboxStore for Database {
    async fn relay_batch(
        &self,
        limit: i64,
        left_out: &LeftOut,
        publish: &(dyn Publish + '_),
    ) -> Result<Relayed, StoreError> {
        Ok(relay(self, limit, left_out, publish).await?)
    }

    async fn pending(&self) -> Result<i64, StoreError> {
        let mut connection = self.connection().await?;
        let row: CountRow =
            statement("SELECT count(*) AS count FROM outbox WHERE published_at IS NULL")
                .get_result(&mut connection)
                .await
                .map_err(DbError::from)?;
        Ok(row.count)
    }
}

/// Deletes published events, processed event ids and replayed dead letters of that age, a bounded
/// number at a time; returns how many rows went. The age must exceed the topics' retention.
pub async fn prune(database: &Database, older_than: Duration) -> Result<usize, DbError> {
    let mut connection = database.connection_for(LONGEST_PRUNE).await?;
    let mut deleted = 0;
    for (table, key, column) in [
        ("outbox", "id", "published_at"),
        ("inbox", "(consumer_group, event_id)", "processed_at"),
        ("dead_letters", "id", "replayed_at"),
    ] {
        let columns = key.trim_matches(['(', ')']);
        deleted += statement(format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {columns} FROM {table}
                 WHERE {column} < now() - make_interval(secs => $1) LIMIT $2)"
        ))
        .bind::<Double, _>(older_than.as_secs_f64())
        .bind::<BigInt, _>(PRUNE_LIMIT)
        .execute(&mut connection)
        .await?;
    }
    Ok(deleted)
}
