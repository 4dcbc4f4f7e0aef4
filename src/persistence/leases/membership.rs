//! The members of a group, and the partitions that each of them holds.

use std::cmp::Ordering;
use std::time::Duration;

use diesel::dsl::{case_when, count, count_star, now};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::domain::messaging::{Fence, Lease, Standing};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::functions::{LONG_AGO, ago, greatest};
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{consumer_members, partition_leases};
use crate::persistence::statement::statement;

/// A member that was silent for this long is forgotten when another one leaves.
const FORGOTTEN: Duration = Duration::from_hours(1);

#[derive(Queryable, QueryableByName)]
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

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = BigInt)]
    others: i64,
    #[diesel(sql_type = BigInt)]
    before: i64,
    #[diesel(embed)]
    lease: Option<LeaseRow>,
}

impl LeaseRow {
    fn of(self, group: &str, owner: &str) -> Lease {
        Lease {
            fence: Fence {
                group: group.to_owned(),
                topic: self.topic,
                partition: self.partition,
                owner: owner.to_owned(),
                epoch: self.epoch,
            },
            next_offset: self.next_offset,
            attempts: u32::try_from(self.attempts).unwrap_or(0),
        }
    }
}

/// Registers or renews a member, and renews its leases.
pub(super) async fn renew(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    ttl: Duration,
) -> Result<Standing, DbError> {
    let rows: Vec<StandingRow> = statement(include_str!("heartbeat.sql"))
        .bind::<Text, _>(group)
        .bind::<Text, _>(owner)
        .bind::<Double, _>(ttl.as_secs_f64())
        .load(connection)
        .await?;
    let count = |count: fn(&StandingRow) -> i64| {
        let first = rows.as_slice().first().map_or(0, count);
        usize::try_from(first).unwrap_or_default()
    };
    Ok(Standing {
        others: count(|row| row.others),
        before: count(|row| row.before),
        leases: rows
            .into_iter()
            .filter_map(|row| row.lease.map(|lease| lease.of(group, owner)))
            .collect(),
    })
}

/// Returns the standing of a member in the transaction that changes its share.
async fn standing(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    topic: &str,
) -> Result<Standing, DbError> {
    let (others, before): (i64, i64) = consumer_members::table
        .filter(consumer_members::consumer_group.eq(group))
        .filter(consumer_members::member.ne(owner))
        .filter(consumer_members::expires_at.gt(now))
        .select((
            count_star(),
            count(consumer_members::member).aggregate_filter(consumer_members::member.lt(owner)),
        ))
        .get_result(connection)
        .await?;
    Ok(Standing {
        leases: list_owned(connection, group, owner, topic).await?,
        others: usize::try_from(others).unwrap_or_default(),
        before: usize::try_from(before).unwrap_or_default(),
    })
}

/// Lists the leases of a member.
async fn list_owned(
    connection: &mut Connection,
    group: &str,
    owner: &str,
    topic: &str,
) -> Result<Vec<Lease>, DbError> {
    let is_attempted =
        partition_leases::attempted_offset.eq(partition_leases::next_offset.nullable());
    let rows: Vec<LeaseRow> = partition_leases::table
        .filter(partition_leases::consumer_group.eq(group))
        .filter(partition_leases::owner.eq(owner))
        .filter(partition_leases::topic.eq(topic))
        .order(partition_leases::partition)
        .select((
            partition_leases::topic,
            partition_leases::partition,
            partition_leases::epoch,
            partition_leases::next_offset,
            case_when(is_attempted, partition_leases::attempts).otherwise(0),
        ))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.of(group, owner)).collect())
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
            let standing = standing(connection, group, owner, topic).await?;
            let fair = standing.share(usize::try_from(partitions).unwrap_or_default());
            let held = standing.leases;
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
            list_owned(connection, group, owner, topic).await
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
