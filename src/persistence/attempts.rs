//! The ledger of calls to language models: one row a call, written before it goes out.

use std::time::Duration;

use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::DbError;
use super::statement::statement;
use crate::domain::ids::TurnId;

/// One call: whose, and to whom.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub turn: TurnId,
    pub generation: i32,
    /// Counts through the whole turn.
    pub number: i32,
    pub provider: &'static str,
    pub model: String,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub struct AttemptEnd {
    pub outcome: &'static str,
    pub first_token: Option<Duration>,
    pub duration: Duration,
    pub input_tokens: Option<u32>,
    pub output_tokens: Option<u32>,
}

/// Notes a call that is about to go out. False if this generation no longer runs the turn: then it
/// must not go out.
pub async fn begin(database: &Database, attempt: &Attempt) -> Result<bool, DbError> {
    // The lock makes a takeover at this moment come before or after, never between.
    let inserted = statement(
        "INSERT INTO turn_attempts (turn_id, generation, attempt, provider, model)
         SELECT id, generation, $3, $4, $5 FROM turns
         WHERE id = $1 AND generation = $2 AND finished_at IS NULL
         FOR SHARE",
    )
    .bind::<SqlUuid, _>(attempt.turn.0)
    .bind::<Integer, _>(attempt.generation)
    .bind::<Integer, _>(attempt.number)
    .bind::<Text, _>(attempt.provider)
    .bind::<Text, _>(&attempt.model)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(inserted == 1)
}

/// Notes how a call ended, whoever runs the turn now: it was made, and it cost what it cost. A call
/// whose beginning could not be noted is noted whole.
pub async fn end(database: &Database, attempt: &Attempt, end: AttemptEnd) -> Result<(), DbError> {
    statement(
        "INSERT INTO turn_attempts (turn_id, generation, attempt, provider, model, started_at,
             first_token_ms, duration_ms, outcome, input_tokens, output_tokens)
         VALUES ($1, $2, $3, $4, $5, now() - make_interval(secs => $6), $7, $8, $9, $10, $11)
         ON CONFLICT (turn_id, generation, attempt) DO UPDATE SET
             first_token_ms = excluded.first_token_ms, duration_ms = excluded.duration_ms,
             outcome = excluded.outcome, input_tokens = excluded.input_tokens,
             output_tokens = excluded.output_tokens",
    )
    .bind::<SqlUuid, _>(attempt.turn.0)
    .bind::<Integer, _>(attempt.generation)
    .bind::<Integer, _>(attempt.number)
    .bind::<Text, _>(attempt.provider)
    .bind::<Text, _>(&attempt.model)
    .bind::<Double, _>(end.duration.as_secs_f64())
    .bind::<Nullable<BigInt>, _>(end.first_token.map(millis))
    .bind::<BigInt, _>(millis(end.duration))
    .bind::<Text, _>(end.outcome)
    .bind::<Nullable<BigInt>, _>(end.input_tokens.map(i64::from))
    .bind::<Nullable<BigInt>, _>(end.output_tokens.map(i64::from))
    .execute(&mut database.connection().await?)
    .await?;
    Ok(())
}

/// Notes that the calls of a turn which are still open died with their replica.
pub async fn interrupt(database: &Database, turn: TurnId) -> Result<(), DbError> {
    statement(
        "UPDATE turn_attempts SET outcome = 'interrupted'
         WHERE turn_id = $1 AND outcome IS NULL",
    )
    .bind::<SqlUuid, _>(turn.0)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
