//! Who runs a turn, and whether it should go on.

use std::time::Duration;

use diesel::OptionalExtension;
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::ids::TurnId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Asks whichever replica runs the owner's turn to stop; false if there is no such turn.
pub async fn request_cancel(
    database: &Database,
    owner: &str,
    turn: TurnId,
) -> Result<bool, DbError> {
    let found = statement(
        "UPDATE turns SET cancel_requested_at = coalesce(cancel_requested_at, now())
         WHERE owner_id = $1 AND id = $2",
    )
    .bind::<Text, _>(owner)
    .bind::<SqlUuid, _>(turn.0)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(found == 1)
}

#[derive(diesel::QueryableByName)]
struct FlagRow {
    #[diesel(sql_type = Bool)]
    flag: bool,
}

/// Whether someone asked for the owner's turn to stop.
pub async fn is_cancel_requested(
    database: &Database,
    owner: &str,
    turn: TurnId,
) -> Result<bool, DbError> {
    let row: Option<FlagRow> = statement(
        "SELECT cancel_requested_at IS NOT NULL AS flag FROM turns
         WHERE owner_id = $1 AND id = $2",
    )
    .bind::<Text, _>(owner)
    .bind::<SqlUuid, _>(turn.0)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    // A turn whose conversation was deleted has nobody to answer.
    Ok(row.is_none_or(|row| row.flag))
}

/// Extends the lease of a running turn; false if it has ended or another generation runs it.
pub async fn renew_lease(
    database: &Database,
    (turn, generation): (TurnId, i32),
    replica: &str,
    lease: Duration,
) -> Result<bool, DbError> {
    let renewed = statement(
        "UPDATE turns SET lease_expires_at = now() + make_interval(secs => $4)
         WHERE id = $1 AND generation = $2 AND lease_owner = $3 AND finished_at IS NULL",
    )
    .bind::<SqlUuid, _>(turn.0)
    .bind::<Integer, _>(generation)
    .bind::<Text, _>(replica)
    .bind::<Double, _>(lease.as_secs_f64())
    .execute(&mut database.connection().await?)
    .await?;
    Ok(renewed == 1)
}

/// Gives a running turn up: it may be taken over at once.
pub async fn release_lease(
    database: &Database,
    (turn, generation): (TurnId, i32),
    replica: &str,
) -> Result<(), DbError> {
    statement(
        "UPDATE turns SET lease_expires_at = '-infinity'
         WHERE id = $1 AND generation = $2 AND lease_owner = $3 AND finished_at IS NULL",
    )
    .bind::<SqlUuid, _>(turn.0)
    .bind::<Integer, _>(generation)
    .bind::<Text, _>(replica)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(())
}

/// A turn whose replica is gone, now under a new generation.
#[derive(diesel::QueryableByName)]
pub struct Orphan {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub conversation_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub question_id: Uuid,
    #[diesel(sql_type = Text)]
    pub owner_id: String,
    #[diesel(sql_type = Text)]
    pub content: String,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub collections: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub triage: Option<Value>,
    /// The new one.
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    /// Until the deadline.
    #[diesel(sql_type = Double)]
    pub seconds_left: f64,
    /// Calls to language models so far, and how many of them failed: neither those that were
    /// interrupted nor those that the turn itself let go.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = BigInt)]
    pub failed_attempts: i64,
}

/// Takes over turns whose lease has expired, oldest first, for this replica. Their open calls died
/// with the replica that made them.
pub async fn take_over_expired(
    database: &Database,
    replica: &str,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Orphan>, DbError> {
    Ok(statement(
        "WITH expired AS (
             SELECT id FROM turns
             WHERE finished_at IS NULL AND deadline_at > now() AND lease_expires_at < now()
             ORDER BY deadline_at LIMIT $3 FOR UPDATE SKIP LOCKED
         ), interrupted AS (
             UPDATE turn_attempts a SET outcome = 'interrupted' FROM expired e
             WHERE a.turn_id = e.id AND a.outcome IS NULL
         )
         UPDATE turns t SET generation = generation + 1, lease_owner = $1, status = 'accepted',
             lease_expires_at = now() + make_interval(secs => $2), sources = NULL
         FROM expired e, messages m
         WHERE t.id = e.id AND m.id = t.question_id
         RETURNING t.id, t.conversation_id, t.question_id, t.owner_id, m.content, t.collections,
             t.triage, t.generation,
             extract(epoch FROM t.deadline_at - now())::double precision AS seconds_left,
             (SELECT coalesce(max(attempt), 0) FROM turn_attempts a WHERE a.turn_id = t.id)
                 AS attempts,
             (SELECT count(*) FROM turn_attempts a WHERE a.turn_id = t.id AND a.outcome NOT IN
                 ('completed', 'interrupted', 'handed_over', 'superseded', 'cancelled'))
                 AS failed_attempts",
    )
    .bind::<Text, _>(replica)
    .bind::<Double, _>(lease.as_secs_f64())
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?)
}

#[derive(diesel::QueryableByName)]
struct OverdueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    generation: i32,
}

/// Unfinished turns whose deadline has passed, with their generations.
pub async fn list_overdue(database: &Database) -> Result<Vec<(TurnId, i32)>, DbError> {
    let rows: Vec<OverdueRow> = statement(
        "SELECT id, generation FROM turns WHERE finished_at IS NULL AND deadline_at < now()
         ORDER BY deadline_at LIMIT 100",
    )
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.generation))
        .collect())
}
