//! The ledger of calls to language models, with one row per call, written before the call is made.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::DbError;
use super::functions::{ago, not_durably};
use super::schema::{turn_attempts, turns};
use super::turns::running;
use crate::domain::ids::TurnId;

/// One call: its turn, its provider and its model.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub turn: TurnId,
    pub generation: i32,
    /// The number of the call within the whole turn.
    pub number: i32,
    pub provider: &'static str,
    pub model: String,
}

/// The end of a call.
#[derive(Clone, Copy, Debug)]
pub struct AttemptEnd {
    pub outcome: &'static str,
    pub first_token: Option<Duration>,
    pub duration: Duration,
    pub input_tokens: Option<u32>,
    pub output_tokens: Option<u32>,
}

impl AttemptEnd {
    pub(super) fn first_token_ms(&self) -> Option<i64> {
        self.first_token.map(millis)
    }

    pub(super) fn duration_ms(&self) -> i64 {
        millis(self.duration)
    }
}

/// Records a call that is about to be made. False if this generation no longer runs the turn; the
/// call must then not be made. A crash of the server may lose the record; the end of the call records
/// it completely.
pub async fn begin(database: &Database, attempt: &Attempt) -> Result<bool, DbError> {
    // The lock lets a takeover happen before or after, never in between.
    let inserted = running(attempt.turn, attempt.generation)
        .filter(not_durably())
        .select((
            turns::id,
            turns::generation,
            attempt.number.into_sql::<Integer>(),
            attempt.provider.into_sql::<Text>(),
            attempt.model.as_str().into_sql::<Text>(),
        ))
        .for_share()
        .insert_into(turn_attempts::table)
        .into_columns((
            turn_attempts::turn_id,
            turn_attempts::generation,
            turn_attempts::attempt,
            turn_attempts::provider,
            turn_attempts::model,
        ))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(inserted == 1)
}

/// A complete call.
#[derive(Insertable)]
#[diesel(table_name = turn_attempts, treat_none_as_default_value = false)]
struct NewAttempt<'a> {
    turn_id: TurnId,
    generation: i32,
    attempt: i32,
    provider: &'a str,
    model: &'a str,
    first_token_ms: Option<i64>,
    duration_ms: i64,
    outcome: &'a str,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
}

/// Records the end of a call, whoever runs the turn now, because the call was made and cost
/// something. A call whose beginning could not be recorded is recorded completely.
pub async fn end(database: &Database, attempt: &Attempt, end: AttemptEnd) -> Result<(), DbError> {
    let new = NewAttempt {
        turn_id: attempt.turn,
        generation: attempt.generation,
        attempt: attempt.number,
        provider: attempt.provider,
        model: &attempt.model,
        first_token_ms: end.first_token_ms(),
        duration_ms: end.duration_ms(),
        outcome: end.outcome,
        input_tokens: end.input_tokens.map(i64::from),
        output_tokens: end.output_tokens.map(i64::from),
    };
    diesel::insert_into(turn_attempts::table)
        .values((new, turn_attempts::started_at.eq(ago(end.duration))))
        .on_conflict((
            turn_attempts::turn_id,
            turn_attempts::generation,
            turn_attempts::attempt,
        ))
        .do_update()
        .set((
            turn_attempts::first_token_ms.eq(excluded(turn_attempts::first_token_ms)),
            turn_attempts::duration_ms.eq(excluded(turn_attempts::duration_ms)),
            turn_attempts::outcome.eq(excluded(turn_attempts::outcome)),
            turn_attempts::input_tokens.eq(excluded(turn_attempts::input_tokens)),
            turn_attempts::output_tokens.eq(excluded(turn_attempts::output_tokens)),
        ))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(())
}

/// Records that the open calls of a turn died with their replica.
pub async fn interrupt(database: &Database, turn: TurnId) -> Result<(), DbError> {
    let open = turn_attempts::table
        .filter(turn_attempts::turn_id.eq(turn))
        .filter(turn_attempts::outcome.is_null());
    diesel::update(open)
        .set(turn_attempts::outcome.eq("interrupted"))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
