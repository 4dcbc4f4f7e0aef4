//! Who is in a group, and which partitions each member holds.

use std::cmp::Ordering;
use std::time::Duration;

use diesel::sql_types::{Array, BigInt, Double, Integer, Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::domain::messaging::{Fence, Lease};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

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
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

#[derive(diesel::QueryableByName)]
struct MembersRow {
    #[diesel(sql_type = BigInt)]
    members: i64,
    #[diesel(sql_type = BigInt)]
    before: i64,
}

/// Leases of a member, of one topic or of all.
async fn list_owned(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    topic: Option<&str>,
) -> Result<Vec<Lease>, DbError> {
    let rows: Vec<LeaseRow> = statement(
        "SELECT topic, partition, epoch, next_offset,
             CASE WHEN attempted_offset = next_offset THEN attempts ELSE 0 END AS attempts
         FROM partition_leases
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
            attempts: u32::try_from(row.attempts).unwrap_or(0),
        })
        .collect())
}

pub(super) async fn renew(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    ttl: Duration,
) -> Result<Vec<Lease>, DbError> {
    statement(
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
    statement(
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

/// How many partitions this member should hold: an even share, and what does not divide goes to
/// the first members by name, so that shares differ by one at most and add up.
async fn fair_share(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    partitions: i32,
) -> Result<usize, DbError> {
    let row: MembersRow = statement(
        "SELECT count(*) AS members, count(*) FILTER (WHERE member < $2) AS before
         FROM consumer_members WHERE consumer_group = $1 AND expires_at > now()",
    )
    .bind::<Text, _>(group)
    .bind::<Text, _>(owner)
    .get_result(connection)
    .await?;
    let members = row.members.max(1);
    let (each, left) = (
        i64::from(partitions) / members,
        i64::from(partitions) % members,
    );
    Ok(usize::try_from(each + i64::from(row.before < left)).unwrap_or(0))
}

async fn add_missing(
    connection: &mut Connection,
    group: &str,
    topic: &str,
    partitions: i32,
) -> Result<(), DbError> {
    statement(
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

/// Takes up to `limit` partitions that nobody holds; each gets a new epoch. Whose owner vanished
/// instead of giving it back may have died of the record in hand: that was an attempt, noted or not.
async fn take_free(
    connection: &mut Connection,
    (group, owner, topic): (&str, &str, &str),
    partitions: i32,
    limit: usize,
    ttl: Duration,
) -> Result<(), DbError> {
    // Materialized: a join may run a plain subquery once per row, and each run has its own limit.
    statement(
        "WITH free AS MATERIALIZED (
             SELECT partition FROM partition_leases
             WHERE consumer_group = $1 AND topic = $2 AND partition < $4
               AND (owner IS NULL OR (owner <> $3 AND expires_at <= now()))
             ORDER BY partition LIMIT $5 FOR UPDATE SKIP LOCKED)
         UPDATE partition_leases l
         SET owner = $3, epoch = l.epoch + 1, expires_at = now() + make_interval(secs => $6),
             attempted_offset = l.next_offset,
             attempts = greatest(
                 CASE WHEN l.attempted_offset = l.next_offset THEN l.attempts ELSE 0 END,
                 CASE WHEN l.owner IS NULL THEN 0 ELSE 1 END)
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

/// Gives up these partitions, except those whose delivery commits right now. The attempt in hand
/// does not count: its process lives.
async fn give_up(
    connection: &mut Connection,
    (group, owner, topic): (&str, &str, &str),
    partitions: &[i32],
) -> Result<(), DbError> {
    statement(
        "WITH excess AS MATERIALIZED (
             SELECT partition FROM partition_leases
             WHERE consumer_group = $1 AND topic = $2 AND owner = $3 AND partition = ANY($4)
             FOR UPDATE SKIP LOCKED)
         UPDATE partition_leases l
         SET owner = NULL, expires_at = '-infinity', attempts = greatest(l.attempts - 1, 0)
         FROM excess
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

pub(super) async fn share(
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
            let fair = fair_share(connection, group, owner, partitions).await?;
            let held = list_owned(connection, group, owner, Some(topic)).await?;
            match held.len().cmp(&fair) {
                Ordering::Equal => return Ok(held),
                Ordering::Less => {
                    take_free(connection, member, partitions, fair - held.len(), ttl).await?;
                }
                Ordering::Greater => {
                    let excess = held.iter().skip(fair).map(|lease| lease.fence.partition);
                    give_up(connection, member, &excess.collect::<Vec<_>>()).await?;
                }
            }
            list_owned(connection, group, owner, Some(topic)).await
        })
        .await
}

pub(super) async fn leave(database: &Database, group: &str, owner: &str) -> Result<(), DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            statement(
                "UPDATE partition_leases
                 SET owner = NULL, expires_at = '-infinity', attempts = greatest(attempts - 1, 0)
                 WHERE consumer_group = $1 AND owner = $2",
            )
            .bind::<Text, _>(group)
            .bind::<Text, _>(owner)
            .execute(connection)
            .await?;
            statement(
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
