//! The members of a group, and the partitions that each of them holds.

use std::cmp::Ordering;
use std::time::Duration;

use diesel::dsl::{case_when, count, count_star, now};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Text};
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::domain::messaging::{Fence, Lease};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::functions::{LONG_AGO, ago, from_now, greatest};
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{consumer_members, partition_leases};
use crate::persistence::statement::statement;

/// A member that was silent for this long is forgotten when another one leaves.
const FORGOTTEN: Duration = Duration::from_hours(1);

#[derive(Queryable)]
struct LeaseRow {
    topic: String,
    partition: i32,
    epoch: i64,
    next_offset: i64,
    attempts: i32,
}

/// Lists the leases of a member, of one topic or of all.
async fn list_owned(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    topic: Option<&str>,
) -> Result<Vec<Lease>, DbError> {
    let is_attempted =
        partition_leases::attempted_offset.eq(partition_leases::next_offset.nullable());
    let attempts = case_when(is_attempted, partition_leases::attempts).otherwise(0);
    let mut query = partition_leases::table
        .filter(partition_leases::consumer_group.eq(group))
        .filter(partition_leases::owner.eq(owner))
        .order((partition_leases::topic, partition_leases::partition))
        .select((
            partition_leases::topic,
            partition_leases::partition,
            partition_leases::epoch,
            partition_leases::next_offset,
            attempts,
        ))
        .into_boxed::<Pg>();
    if let Some(topic) = topic {
        query = query.filter(partition_leases::topic.eq(topic));
    }
    let rows: Vec<LeaseRow> = query.load(connection).await?;
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
    Prepared(
        diesel::insert_into(consumer_members::table)
            .values((
                consumer_members::consumer_group.eq(group),
                consumer_members::member.eq(owner),
                consumer_members::expires_at.eq(from_now(ttl)),
            ))
            .on_conflict((consumer_members::consumer_group, consumer_members::member))
            .do_update()
            .set(consumer_members::expires_at.eq(excluded(consumer_members::expires_at))),
    )
    .execute(connection)
    .await?;
    // The next beat renews a lease that a delivery has locked: waiting for it would delay the
    // others, and nobody can take it meanwhile.
    statement(include_str!("renew.sql"))
        .bind::<Text, _>(group)
        .bind::<Text, _>(owner)
        .bind::<Double, _>(ttl.as_secs_f64())
        .execute(connection)
        .await?;
    list_owned(connection, group, owner, None).await
}

/// Returns how many partitions this member should hold: an even share. The remainder goes to the
/// first members by name, so that shares differ by at most one and add up.
async fn fair_share(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    partitions: i32,
) -> Result<usize, DbError> {
    let (members, before): (i64, i64) = consumer_members::table
        .filter(consumer_members::consumer_group.eq(group))
        .filter(consumer_members::expires_at.gt(now))
        .select((
            count_star(),
            count(consumer_members::member).aggregate_filter(consumer_members::member.lt(owner)),
        ))
        .get_result(connection)
        .await?;
    let members = members.max(1);
    let (each, left) = (
        i64::from(partitions) / members,
        i64::from(partitions) % members,
    );
    Ok(usize::try_from(each + i64::from(before < left)).unwrap_or(0))
}

async fn add_missing(
    connection: &mut Connection,
    group: &str,
    topic: &str,
    partitions: i32,
) -> Result<(), DbError> {
    statement(include_str!("add_missing.sql"))
        .bind::<Text, _>(group)
        .bind::<Text, _>(topic)
        .bind::<Integer, _>(partitions)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes up to `limit` free partitions, each with a new epoch. An owner that vanished without
/// giving its partition back may have died of its current record, so this counts as an attempt,
/// recorded or not.
async fn take_free(
    connection: &mut Connection,
    (group, owner, topic): (&str, &str, &str),
    partitions: i32,
    limit: usize,
    ttl: Duration,
) -> Result<(), DbError> {
    statement(include_str!("take_free.sql"))
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

/// Gives up these partitions, except those whose delivery commits right now. The current attempt
/// does not count, because its process lives.
async fn give_up(
    connection: &mut Connection,
    (group, owner, topic): (&str, &str, &str),
    partitions: &[i32],
) -> Result<(), DbError> {
    statement(include_str!("give_up.sql"))
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
            let held = partition_leases::table
                .filter(partition_leases::consumer_group.eq(group))
                .filter(partition_leases::owner.eq(owner));
            Prepared(diesel::update(held).set((
                partition_leases::owner.eq(None::<&str>),
                partition_leases::expires_at.eq(LONG_AGO),
                partition_leases::attempts.eq(greatest(partition_leases::attempts - 1, 0)),
            )))
            .execute(connection)
            .await?;
            let gone = consumer_members::member
                .eq(owner)
                .or(consumer_members::expires_at.lt(ago(FORGOTTEN)));
            let members = consumer_members::table
                .filter(consumer_members::consumer_group.eq(group))
                .filter(gone);
            diesel::delete(members).execute(connection).await?;
            Ok(())
        })
        .await
}
