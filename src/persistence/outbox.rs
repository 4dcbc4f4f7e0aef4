//! Waiting events, written together with the effects that they announce and read by one relay.

use std::time::Duration;

use async_trait::async_trait;
use diesel::alias;
use diesel::dsl::{not, now};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::functions::{
    ago, current_schema, hashtext, not_durably, pg_try_advisory_xact_lock, unnest,
};
use super::schema::{dead_letters, outbox};
use super::statement::statement;
use crate::domain::ids::EventId;
use crate::domain::messaging::{
    Envelope, LeftOut, OutboxRecord, OutboxStore, Publish, Relayed, StoreError,
};
use crate::domain::time;

/// Events that the bus cannot carry are refused at once, because they would block every later one.
pub(super) const MAX_EVENT_BYTES: i32 = 256 * 1024;
/// The deadline of a relay's transaction, which lasts until the bus has accepted the batch or
/// failed to.
const LONGEST_RELAY: Duration = Duration::from_mins(1);
/// The deadline of one prune, in which each statement may take as long as a statement may.
const LONGEST_PRUNE: Duration = Duration::from_mins(1);
/// The most rows that one prune deletes, so that it stays short.
const PRUNE_LIMIT: i64 = 10_000;

/// An event in the form in which it is stored.
pub(super) struct OutboxEvent {
    pub id: EventId,
    pub topic: &'static str,
    pub envelope: Value,
}

/// Returns a new event. The payload contains ids and states, never text.
pub(super) fn event(
    topic: &'static str,
    kind: &str,
    key: &str,
    payload: Value,
) -> Result<OutboxEvent, DbError> {
    let envelope = new_envelope(kind, key, payload);
    Ok(OutboxEvent {
        id: envelope.event_id,
        topic,
        envelope: encoded(&envelope)?,
    })
}

fn new_envelope(kind: &str, key: &str, payload: Value) -> Envelope {
    Envelope {
        event_id: EventId::new(),
        kind: kind.to_owned(),
        version: 1,
        occurred_at: time::now(),
        key: key.to_owned(),
        payload,
    }
}

/// Adds an event in the caller's transaction. The payload contains ids and states, never text.
pub(super) async fn insert(
    connection: &mut Connection,
    topic: &str,
    kind: &str,
    key: &str,
    payload: Value,
) -> Result<(), DbError> {
    insert_envelope(connection, topic, &new_envelope(kind, key, payload)).await
}

/// The envelope as it is stored, unless the bus could not carry it.
fn encoded(envelope: &Envelope) -> Result<Value, DbError> {
    let value = serde_json::to_value(envelope)
        .map_err(|_| DbError::Query("an event cannot be encoded".into()))?;
    let bytes = i32::try_from(value.to_string().len()).unwrap_or(i32::MAX);
    if bytes > MAX_EVENT_BYTES {
        return Err(DbError::Query("an event is too large for the bus".into()));
    }
    Ok(value)
}

pub(super) async fn insert_envelope(
    connection: &mut Connection,
    topic: &str,
    envelope: &Envelope,
) -> Result<(), DbError> {
    let value = encoded(envelope)?;
    diesel::insert_into(outbox::table)
        .values((
            outbox::event_id.eq(envelope.event_id),
            outbox::topic.eq(topic),
            outbox::envelope.eq(value),
        ))
        .execute(connection)
        .await?;
    connection.outbox_written();
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(Pg))]
struct WaitingRow {
    id: i64,
    topic: String,
    envelope: Value,
}

/// Takes the relay's lock until the end of the transaction, which commits without waiting for the
/// disk: a crash of the server may publish its rows again, as any crash of the relay may.
async fn try_lock(connection: &mut Connection) -> Result<bool, DbError> {
    let name = "chatbot.outbox "
        .into_sql::<Text>()
        .concat(current_schema());
    let locked = pg_try_advisory_xact_lock(hashtext(name));
    Ok(diesel::select(not_durably().and(locked))
        .get_result(connection)
        .await?)
}

async fn list_waiting(
    connection: &mut Connection,
    limit: i64,
    left_out: &LeftOut,
) -> Result<Vec<OutboxRecord>, DbError> {
    // A subquery, because it is hashed: `<> ALL` may compare each row with each id.
    let left_out_ids = diesel::select(unnest::<BigInt, _>(&left_out.ids));
    let rows: Vec<WaitingRow> = outbox::table
        .filter(outbox::published_at.is_null())
        .filter(outbox::topic.ne_all(&left_out.topics))
        .filter(not(outbox::id.eq_any(left_out_ids)))
        .order(outbox::id)
        .limit(limit)
        .select(WaitingRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let envelope = serde_json::from_value(row.envelope).map_err(|_| {
                DbError::Query(format!("outbox row {} contains no envelope", row.id))
            })?;
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
            diesel::update(outbox::table.filter(outbox::id.eq_any(&ids)))
                .set(outbox::published_at.eq(now))
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

    async fn written(&self) {
        self.outbox_grows().await;
    }

    async fn pending(&self) -> Result<i64, StoreError> {
        let mut connection = self.connection().await?;
        let waiting = outbox::table.filter(outbox::published_at.is_null());
        let count = waiting.count().get_result(&mut connection).await;
        Ok(count.map_err(DbError::from)?)
    }
}

/// Deletes published events, processed event ids and replayed dead letters of that age, a bounded
/// number at a time; returns the number of deleted rows. The age must exceed the topics' retention.
pub async fn prune(database: &Database, older_than: Duration) -> Result<usize, DbError> {
    let mut connection = database.connection_for(LONGEST_PRUNE).await?;
    let before = ago(older_than).nullable();
    let old = alias!(outbox as old);
    let old = old
        .filter(old.field(outbox::published_at).lt(before))
        .limit(PRUNE_LIMIT)
        .select(old.field(outbox::id));
    let published = diesel::delete(outbox::table.filter(outbox::id.eq_any(old)))
        .execute(&mut connection)
        .await?;
    let processed = statement(include_str!("outbox/prune_inbox.sql"))
        .bind::<Double, _>(older_than.as_secs_f64())
        .bind::<BigInt, _>(PRUNE_LIMIT)
        .execute(&mut connection)
        .await?;
    let old = alias!(dead_letters as old);
    let old = old
        .filter(old.field(dead_letters::replayed_at).lt(before))
        .limit(PRUNE_LIMIT)
        .select(old.field(dead_letters::id));
    let replayed = diesel::delete(dead_letters::table.filter(dead_letters::id.eq_any(old)))
        .execute(&mut connection)
        .await?;
    Ok(published + processed + replayed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_too_large_for_the_bus_is_refused_at_once() {
        let event = |padding: usize| Envelope {
            event_id: EventId::new(),
            kind: "kind".into(),
            version: 1,
            occurred_at: time::now(),
            key: "key".into(),
            payload: json!({ "ids": "x".repeat(padding) }),
        };
        assert!(encoded(&event(200_000)).is_ok());
        assert!(encoded(&event(300_000)).is_err());
    }
}
