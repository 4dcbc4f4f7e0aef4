//! The lease of a turn: its replica, and whether it should continue.

use std::time::Duration;

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Double, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::rows::running;
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::functions::{LONG_AGO, coalesce};
use crate::persistence::schema::turns;
use crate::persistence::statement::statement;

/// Asks the replica that runs the owner's turn to stop; false if there is no such turn.
pub async fn request_cancel(
    database: &Database,
    owner: &str,
    turn: TurnId,
) -> Result<bool, DbError> {
    let asked = coalesce::<Timestamptz, _, _>(turns::cancel_requested_at, now);
    let found = diesel::update(turns::table.find(turn).filter(turns::owner_id.eq(owner)))
        .set(turns::cancel_requested_at.eq(asked))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(found == 1)
}

#[derive(QueryableByName)]
struct TurnRow {
    #[diesel(sql_type = SqlUuid)]
    id: TurnId,
}

/// Returns the turns among these that must stop, because somebody asked for it or their
/// conversation was deleted.
pub async fn list_unwanted(
    database: &Database,
    running: &[TurnId],
) -> Result<Vec<TurnId>, DbError> {
    let rows: Vec<TurnRow> = statement(include_str!("unwanted.sql"))
        .bind::<Array<SqlUuid>, _>(running)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Extends the leases of these turns and generations; returns the turns that have ended or that
/// another generation runs.
pub async fn renew_leases(
    database: &Database,
    held: &[(TurnId, i32)],
    replica: &str,
    lease: Duration,
) -> Result<Vec<TurnId>, DbError> {
    let (turns, generations): (Vec<TurnId>, Vec<i32>) = held.iter().copied().unzip();
    let lost: Vec<TurnRow> = statement(include_str!("renew.sql"))
        .bind::<Array<SqlUuid>, _>(turns)
        .bind::<Array<Integer>, _>(generations)
        .bind::<Text, _>(replica)
        .bind::<Double, _>(lease.as_secs_f64())
        .load(&mut database.connection().await?)
        .await?;
    Ok(lost.into_iter().map(|row| row.id).collect())
}

/// Gives up a running turn, which may be taken over at once.
pub async fn release_lease(
    database: &Database,
    (turn, generation): (TurnId, i32),
    replica: &str,
) -> Result<(), DbError> {
    diesel::update(running(turn, generation).filter(turns::lease_owner.eq(replica)))
        .set(turns::lease_expires_at.eq(LONG_AGO))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(())
}

/// A turn whose replica is gone, under a new generation.
#[derive(QueryableByName)]
pub struct Orphan {
    #[diesel(sql_type = SqlUuid)]
    pub id: TurnId,
    #[diesel(sql_type = SqlUuid)]
    pub conversation_id: ConversationId,
    #[diesel(sql_type = SqlUuid)]
    pub question_id: MessageId,
    #[diesel(sql_type = Text)]
    pub owner_id: String,
    #[diesel(sql_type = Text)]
    pub content: String,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub collections: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub triage: Option<Value>,
    /// The new generation.
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    /// The time until the deadline.
    #[diesel(sql_type = Double)]
    pub seconds_left: f64,
    /// The calls to language models so far, and the failed ones among them, without calls that were
    /// interrupted or dropped by the turn itself.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = BigInt)]
    pub failed_attempts: i64,
}

/// Takes over turns whose lease has expired, oldest first, for this replica. Their open calls died
/// with their replica.
pub async fn take_over_expired(
    database: &Database,
    replica: &str,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Orphan>, DbError> {
    Ok(statement(include_str!("take_over.sql"))
        .bind::<Text, _>(replica)
        .bind::<Double, _>(lease.as_secs_f64())
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?)
}

/// Lists unfinished turns whose deadline has passed, with their generations.
pub async fn list_overdue(database: &Database) -> Result<Vec<(TurnId, i32)>, DbError> {
    Ok(turns::table
        .filter(turns::finished_at.is_null())
        .filter(turns::deadline_at.lt(now))
        .order(turns::deadline_at)
        .limit(100)
        .select((turns::id, turns::generation))
        .load(&mut database.connection().await?)
        .await?)
}
