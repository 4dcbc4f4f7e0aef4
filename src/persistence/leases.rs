//! Partition leases: who reads a partition, from where, and proof of it.
//!
//! A lease is lost in one way only: another member raises its epoch. Whoever writes under a lease
//! locks its row first and finds owner, epoch and expiry unchanged, or is fenced. All times are
//! the database's.

use std::time::Duration;

use async_trait::async_trait;
use diesel::OptionalExtension;
use diesel::sql_types::{Array, BigInt, Double, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

use super::{Database, DbError};
use crate::domain::ids::EventId;
use crate::domain::messaging::{Delivery, Fence, Lease, LeaseStore, StoreError};

/// The longest stored cause, in characters.
const MAX_CAUSE: usize = 2_000;

#[derive(diesel::QueryableByName)]
struct OffsetRow {
    #[diesel(sql_type = BigInt)]
    next_offset: i64,
}

/// Locks the lease for the rest of the transaction; returns its next offset.
async fn lock(connection: &mut AsyncPgConnection, fence: &Fence) -> Result<i64, DbError> {
    let row: Option<OffsetRow> = diesel::sql_query(
        "SELECT next_offset FROM partition_leases
         WHERE consumer_group = $1 AND topic = $2 AND partition = $3
           AND owner = $4 AND epoch = $5 AND expires_at > clock_timestamp()
         FOR UPDATE",
    )
    .bind::<Text, _>(&fence.group)
    .bind::<Text, _>(&fence.topic)
    .bind::<Integer, _>(fence.partition)
    .bind::<Text, _>(&fence.owner)
    .bind::<BigInt, _>(fence.epoch)
    .get_result(connection)
    .await
    .optional()?;
    row.map(|row| row.next_offset).ok_or(DbError::Fenced)
}

async fn advance(
    connection: &mut AsyncPgConnection,
    fence: &Fence,
    next_offset: i64,
) -> Result<(), DbError> {
    diesel::sql_query(
        "UPDATE partition_leases SET next_offset = $4
         WHERE consumer_group = $1 AND topic = $2 AND partition = $3",
    )
    .bind::<Text, _>(&fence.group)
    .bind::<Text, _>(&fence.topic)
    .bind::<Integer, _>(fence.partition)
    .bind::<BigInt, _>(next_offset)
    .execute(connection)
    .await?;
    Ok(())
}

/// Checks the fence, advances the offset and remembers the event, in the transaction that holds
/// the effects. False: the event was processed before, so its effects must be skipped (the
/// transaction still commits). Fails with [`DbError::Fenced`] if the lease was lost.
pub(crate) async fn commit_delivery(
    connection: &mut AsyncPgConnection,
    fence: &Fence,
    offset: i64,
    event_id: EventId,
) -> Result<bool, DbError> {
    lock(connection, fence).await?;
    let inserted = diesel::sql_query(
        "INSERT INTO inbox (consumer_group, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(&fence.group)
    .bind::<SqlUuid, _>(event_id.0)
    .execute(connection)
    .await?;
    advance(connection, fence, offset + 1).await?;
    Ok(inserted > 0)
}

/// Finishes a record that needs no effect: an event of a kind this group does not handle.
pub async fn acknowledge(database: &Database, delivery: &Delivery) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            commit_delivery(
                connection,
                &delivery.fence,
                delivery.offset,
                delivery.envelope.event_id,
            )
            .await
        })
        .await
}

#[derive(diesel::QueryableByName)]
struct LeaseRow {
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Integer)]
    partition: i32,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
    #[diesel(sql_type = BigInt)]
    next_offset: i64,
}

#[derive(diesel::QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Leases of a member, of one topic or of all.
async fn list_owned(
    connection: &mut AsyncPgConnection,
    group: &str,
    owner: &str,
    topic: Option<&str>,
) -> Result<Vec<Lease>, DbError> {
    let rows: Vec<LeaseRow> = diesel::sql_query(
        "SELECT topic, partition, epoch, next_offset FROM partition_leases
         WHERE consumer_group = $1 AND owner = $2 AND ($3 IS NULL OR topic = $3)
         ORDER BY topic, partition",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(owner)
    .bind::<Nullable<Text>, _>(topic)
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Lease {
            fence: Fence {
                group: group.to_owned(),
                topic: row.topic,
                partition: row.partition,
                owner: owner.to_owned(),
                epoch: row.epoch,
            },
            next_offset: row.next_offset,
        })
        .collect())
}

async fn renew(
    connection: &mut AsyncPgConnection,
    group: &str,
    owner: &str,
    ttl: Duration,
) -> Result<Vec<Lease>, DbError> {
    diesel::sql_query(
        "INSERT INTO consumer_members (consumer_group, member, expires_at)
         VALUES ($1, $2, now() + make_interval(secs => $3))
         ON CONFLICT (consumer_group, member) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(owner)
    .bind::<Double, _>(ttl.as_secs_f64())
    .execute(connection)
    .await?;
    // A lease that a delivery holds locked is renewed by the next beat: waiting for it would hold
    // up the others. Nobody can take it meanwhile.
    diesel::sql_query(
        "WITH mine AS MATERIALIZED (
             SELECT topic, partition FROM partition_leases
             WHERE consumer_group = $1 AND owner = $2 FOR UPDATE SKIP LOCKED)
         UPDATE partition_leases l SET expires_at = now() + make_interval(secs => $3) FROM mine
         WHERE l.consumer_group = $1 AND l.topic = mine.topic AND l.partition = mine.partition",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(owner)
    .bind::<Double, _>(ttl.as_secs_f64())
    .execute(connection)
    .await?;
    list_owned(connection, group, owner, None).await
}

/// The most partitions one member should hold.
async fn fair_share(
    connection: &mut AsyncPgConnection,
    group: &str,
    partitions: i32,
) -> Result<usize, DbError> {
    let row: CountRow = diesel::sql_query(
        "SELECT count(*) AS count FROM consumer_members
         WHERE consumer_group = $1 AND expires_at > now()",
    )
    .bind::<Text, _>(group)
    .get_result(connection)
    .await?;
    let members = usize::try_from(row.count).unwrap_or(1).max(1);
    Ok(usize::try_from(partitions).unwrap_or(0).div_ceil(members))
}

async fn add_missing(
    connection: &mut AsyncPgConnection,
    group: &str,
    topic: &str,
    partitions: i32,
) -> Result<(), DbError> {
    diesel::sql_query(
        "INSERT INTO partition_leases (consumer_group, topic, partition)
         SELECT $1, $2, n FROM generate_series(0, $3 - 1) n ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partitions)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes up to `limit` partitions that nobody holds; each gets a new epoch.
async fn take_free(
    connection: &mut AsyncPgConnection,
    (group, owner, topic): (&str, &str, &str),
    partitions: i32,
    limit: usize,
    ttl: Duration,
) -> Result<(), DbError> {
    // Materialized: a join may run a plain subquery once per row, and each run has its own limit.
    diesel::sql_query(
        "WITH free AS MATERIALIZED (
             SELECT partition FROM partition_leases
             WHERE consumer_group = $1 AND topic = $2 AND partition < $4
               AND (owner IS NULL OR (owner <> $3 AND expires_at <= now()))
             ORDER BY partition LIMIT $5 FOR UPDATE SKIP LOCKED)
         UPDATE partition_leases l
         SET owner = $3, epoch = l.epoch + 1, expires_at = now() + make_interval(secs => $6)
         FROM free
         WHERE l.consumer_group = $1 AND l.topic = $2 AND l.partition = free.partition",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(topic)
    .bind::<Text, _>(owner)
    .bind::<Integer, _>(partitions)
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind::<Double, _>(ttl.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives up these partitions, except those whose delivery commits right now.
async fn give_up(
    connection: &mut AsyncPgConnection,
    (group, owner, topic): (&str, &str, &str),
    partitions: &[i32],
) -> Result<(), DbError> {
    diesel::sql_query(
        "WITH excess AS MATERIALIZED (
             SELECT partition FROM partition_leases
             WHERE consumer_group = $1 AND topic = $2 AND owner = $3 AND partition = ANY($4)
             FOR UPDATE SKIP LOCKED)
         UPDATE partition_leases l SET owner = NULL, expires_at = '-infinity' FROM excess
         WHERE l.consumer_group = $1 AND l.topic = $2 AND l.partition = excess.partition",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(topic)
    .bind::<Text, _>(owner)
    .bind::<Array<Integer>, _>(partitions)
    .execute(connection)
    .await?;
    Ok(())
}

async fn share(
    database: &Database,
    member: (&str, &str, &str),
    partitions: i32,
    ttl: Duration,
) -> Result<Vec<Lease>, DbError> {
    let (group, owner, topic) = member;
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            add_missing(connection, group, topic, partitions).await?;
            let fair = fair_share(connection, group, partitions).await?;
            let owned = list_owned(connection, group, owner, Some(topic)).await?;
            if owned.len() > fair {
                let excess: Vec<i32> = owned
                    .iter()
                    .skip(fair)
                    .map(|lease| lease.fence.partition)
                    .collect();
                give_up(connection, member, &excess).await?;
            } else if owned.len() < fair {
                take_free(connection, member, partitions, fair - owned.len(), ttl).await?;
            } else {
                return Ok(owned);
            }
            list_owned(connection, group, owner, Some(topic)).await
        })
        .await
}

async fn leave(database: &Database, group: &str, owner: &str) -> Result<(), DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            diesel::sql_query(
                "UPDATE partition_leases SET owner = NULL, expires_at = '-infinity'
                 WHERE consumer_group = $1 AND owner = $2",
            )
            .bind::<Text, _>(group)
            .bind::<Text, _>(owner)
            .execute(connection)
            .await?;
            diesel::sql_query(
                "DELETE FROM consumer_members WHERE consumer_group = $1
                   AND (member = $2 OR expires_at < now() - interval '1 hour')",
            )
            .bind::<Text, _>(group)
            .bind::<Text, _>(owner)
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
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

async fn bury(database: &Database, delivery: &Delivery, cause: &str) -> Result<(), DbError> {
    let fence = &delivery.fence;
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            lock(connection, fence).await?;
            diesel::sql_query(
                "INSERT INTO dead_letters (consumer_group, topic, partition, record_offset,
                     envelope, cause, attempts)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            )
            .bind::<Text, _>(&fence.group)
            .bind::<Text, _>(&fence.topic)
            .bind::<Integer, _>(fence.partition)
            .bind::<BigInt, _>(delivery.offset)
            .bind::<Nullable<Jsonb>, _>(storable(delivery))
            .bind::<Text, _>(bounded(cause))
            .bind::<Integer, _>(i32::try_from(delivery.attempt).unwrap_or(i32::MAX))
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
            diesel::sql_query(
                "INSERT INTO audit_log (actor, action, subject_type, subject_id, details)
                 VALUES ($1, 'messaging.skip', 'partition', $2, $3)",
            )
            .bind::<Text, _>(&fence.owner)
            .bind::<Text, _>(format!(
                "{}/{}/{}",
                fence.group, fence.topic, fence.partition
            ))
            .bind::<Jsonb, _>(json!({ "from": from, "to": next_offset, "cause": bounded(cause) }))
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
    ) -> Result<Vec<Lease>, StoreError> {
        let mut connection = self.connection().await?;
        let leases: Result<_, DbError> = connection
            .transaction(async |connection| renew(connection, group, owner, ttl).await)
            .await;
        Ok(leases?)
    }

    async fn rebalance(
        &self,
        group: &str,
        owner: &str,
        topic: &str,
        partitions: i32,
        ttl: Duration,
    ) -> Result<Vec<Lease>, StoreError> {
        Ok(share(self, (group, owner, topic), partitions, ttl).await?)
    }

    async fn release(&self, group: &str, owner: &str) -> Result<(), StoreError> {
        Ok(leave(self, group, owner).await?)
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
