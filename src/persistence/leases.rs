//! Partition leases: the owner of a partition, its next offset, and the proof of ownership.
//!
//! A lease is lost in only one way: another member raises its epoch. A writer under a lease first
//! locks its row and finds owner, epoch and expiry unchanged, or is fenced. All times are the
//! database's.

mod membership;

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Value, json};

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::functions::clock_timestamp;
use super::prepared::Prepared;
use super::schema::{audit_log, dead_letters, partition_leases};
use super::statement::statement;
use crate::domain::ids::EventId;
use crate::domain::messaging::{Delivery, Fence, Lease, LeaseStore, Outcome, Standing, StoreError};

/// The longest stored cause, in characters.
const MAX_CAUSE: usize = 2_000;

/// Locks the lease for the rest of the transaction; returns its next offset.
pub(super) async fn lock(connection: &mut Connection, fence: &Fence) -> Result<i64, DbError> {
    let next_offset = partition_leases::table
        .find((&fence.group, &fence.topic, fence.partition))
        .filter(partition_leases::owner.eq(&fence.owner))
        .filter(partition_leases::epoch.eq(fence.epoch))
        .filter(partition_leases::expires_at.gt(clock_timestamp()))
        .select(partition_leases::next_offset)
        .for_update()
        .get_result(connection)
        .await
        .optional()?;
    next_offset.ok_or(DbError::Fenced)
}

async fn advance(
    connection: &mut Connection,
    fence: &Fence,
    next_offset: i64,
) -> Result<(), DbError> {
    let key = (&fence.group, &fence.topic, fence.partition);
    Prepared(
        diesel::update(partition_leases::table.find(key))
            .set(partition_leases::next_offset.eq(next_offset)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Checks the fence, advances the offset and remembers the event, in the transaction with the
/// effects. [`Outcome::Duplicate`] means that the event was already processed, so its effects must
/// be skipped; the transaction still commits. Fails with [`DbError::Fenced`] if the lease was lost.
pub(super) async fn commit_delivery(
    connection: &mut Connection,
    fence: &Fence,
    offset: i64,
    event_id: EventId,
) -> Result<Outcome, DbError> {
    // Combines `lock`, the inbox and `advance` in one statement, because this runs for every
    // record.
    let row: Option<DeliveredRow> = statement(include_str!("leases/commit_delivery.sql"))
        .bind::<Text, _>(&fence.group)
        .bind::<Text, _>(&fence.topic)
        .bind::<Integer, _>(fence.partition)
        .bind::<Text, _>(&fence.owner)
        .bind::<BigInt, _>(fence.epoch)
        .bind::<BigInt, _>(offset + 1)
        .bind::<SqlUuid, _>(event_id)
        .get_result(connection)
        .await
        .optional()?;
    match row {
        Some(DeliveredRow { new: true }) => Ok(Outcome::Applied),
        Some(_) => Ok(Outcome::Duplicate),
        None => Err(DbError::Fenced),
    }
}

#[derive(diesel::QueryableByName)]
struct DeliveredRow {
    #[diesel(sql_type = Bool)]
    new: bool,
}

/// PostgreSQL stores no NUL, neither in text nor in jsonb.
fn storable(delivery: &Delivery) -> Option<Value> {
    let value = serde_json::to_value(&delivery.envelope).ok()?;
    (!value.to_string().contains("\\u0000")).then_some(value)
}

fn bounded(cause: &str) -> String {
    cause
        .chars()
        .filter(|character| *character != '\0')
        .take(MAX_CAUSE)
        .collect()
}

async fn note(database: &Database, delivery: &Delivery, attempts: u32) -> Result<(), DbError> {
    let fence = &delivery.fence;
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            lock(connection, fence).await?;
            let key = (&fence.group, &fence.topic, fence.partition);
            Prepared(diesel::update(partition_leases::table.find(key)).set((
                partition_leases::attempted_offset.eq(delivery.offset),
                partition_leases::attempts.eq(stored(attempts)),
            )))
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
}

fn stored(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}

async fn bury(database: &Database, delivery: &Delivery, cause: &str) -> Result<(), DbError> {
    let fence = &delivery.fence;
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            lock(connection, fence).await?;
            diesel::insert_into(dead_letters::table)
                .values((
                    dead_letters::consumer_group.eq(&fence.group),
                    dead_letters::topic.eq(&fence.topic),
                    dead_letters::partition.eq(fence.partition),
                    dead_letters::record_offset.eq(delivery.offset),
                    dead_letters::envelope.eq(storable(delivery)),
                    dead_letters::cause.eq(bounded(cause)),
                    dead_letters::attempts.eq(stored(delivery.attempt)),
                ))
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
            advance(connection, fence, delivery.offset + 1).await
        })
        .await
}

async fn skip(
    database: &Database,
    fence: &Fence,
    next_offset: i64,
    cause: &str,
) -> Result<(), DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let from = lock(connection, fence).await?;
            let place = format!("{}/{}/{}", fence.group, fence.topic, fence.partition);
            let details = json!({ "from": from, "to": next_offset, "cause": bounded(cause) });
            diesel::insert_into(audit_log::table)
                .values((
                    audit_log::actor.eq(&fence.owner),
                    audit_log::action.eq("messaging.skip"),
                    audit_log::subject_type.eq("partition"),
                    audit_log::subject_id.eq(place),
                    audit_log::details.eq(details),
                ))
                .execute(connection)
                .await?;
            advance(connection, fence, next_offset).await
        })
        .await
}

#[async_trait]
impl LeaseStore for Database {
    async fn heartbeat(
        &self,
        group: &str,
        owner: &str,
        ttl: Duration,
    ) -> Result<Standing, StoreError> {
        let mut connection = self.connection().await?;
        Ok(membership::renew(&mut connection, group, owner, ttl).await?)
    }

    async fn rebalance(
        &self,
        group: &str,
        owner: &str,
        topic: &str,
        partitions: i32,
        ttl: Duration,
    ) -> Result<Vec<Lease>, StoreError> {
        Ok(membership::share(self, (group, owner, topic), partitions, ttl).await?)
    }

    async fn release(&self, group: &str, owner: &str) -> Result<(), StoreError> {
        Ok(membership::leave(self, group, owner).await?)
    }

    async fn note_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<(), StoreError> {
        Ok(note(self, delivery, attempts).await?)
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &str) -> Result<(), StoreError> {
        Ok(bury(self, delivery, cause).await?)
    }

    async fn skip_to(
        &self,
        fence: &Fence,
        next_offset: i64,
        cause: &str,
    ) -> Result<(), StoreError> {
        Ok(skip(self, fence, next_offset, cause).await?)
    }
}
