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
use crate::persistence::functions::{LONG_AGO, coalesce, from_now};
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

/// Returns whether somebody asked for the owner's turn to stop.
pub async fn is_cancel_requested(
    database: &Database,
    owner: &str,
    turn: TurnId,
) -> Result<bool, DbError> {
    let requested: Option<bool> = turns::table
        .find(turn)
        .filter(turns::owner_id.eq(owner))
        .select(turns::cancel_requested_at.is_not_null())
        .get_result(&mut database.connection().await?)
        .await
        .optional()?;
    // A turn whose conversation was deleted has nobody to answer.
    Ok(requested.unwrap_or(true))
}

/// Extends the lease of a running turn; false if it has ended or another generation runs it.
pub async fn renew_lease(
    database: &Database,
    (turn, generation): (TurnId, i32),
    replica: &str,
    lease: Duration,
) -> Result<bool, DbError> {
    let renewed = diesel::update(running(turn, generation).filter(turns::lease_owner.eq(replica)))
        .set(turns::lease_expires_at.eq(from_now(lease).nullable()))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(renewed == 1)
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
