//! The end of a turn.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::quotes::for_quoting;
use super::reading::statement_for;
use super::rows::announcement;
use crate::domain::access::Principal;
use crate::domain::chat::TurnDone;
use crate::domain::evidence::Citation;
use crate::persistence::attempts::{Attempt, AttemptEnd};
use crate::persistence::database::Database;
use crate::persistence::error::DbError;

/// The result of an attempt to end a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The turn has ended now.
    Ended,
    /// The turn had already ended, or another generation runs.
    NotRunning,
    /// A version that the answer cites may not be shown to the reader any more; the turn runs on.
    Unresolved,
}

#[derive(QueryableByName)]
struct FinishedRow {
    #[diesel(sql_type = Bool)]
    ended: bool,
    #[diesel(sql_type = Bool)]
    standing: bool,
}

/// Ends a turn, and stores answer, citations, usage, audit and outbox in one statement, with the end
/// of its last call to a language model if there is one. The statement itself checks that the reader
/// may still see each version that the answer cites.
pub async fn finish(
    database: &Database,
    reader: &Principal,
    generation: i32,
    done: &TurnDone,
    call: Option<(&Attempt, AttemptEnd)>,
) -> Result<Finished, DbError> {
    let stored = serde_json::to_value(done).map_err(|e| DbError::Query(e.to_string()))?;
    let event = announcement("turn.finished", done.turn_id, done.status)?;
    let cited = &done.citations;
    let (attempt, end) = call.unzip();
    let mut connection = database.connection().await?;
    let row: FinishedRow = statement_for(reader, &FINISH)
        .bind::<Array<SqlUuid>, _>(each(cited, |citation| citation.version_id))
        .bind::<SqlUuid, _>(done.turn_id)
        .bind::<Integer, _>(generation)
        .bind::<Text, _>(done.status)
        .bind::<Nullable<Text>, _>(done.reason.as_deref())
        .bind::<Jsonb, _>(stored)
        .bind::<Nullable<SqlUuid>, _>(done.message_id)
        .bind::<Text, _>(&done.answer)
        .bind::<Jsonb, _>(audited(generation, done))
        .bind::<SqlUuid, _>(event.id)
        .bind::<Text, _>(event.topic)
        .bind::<Jsonb, _>(event.envelope)
        .bind::<Array<Integer>, _>(each(cited, |citation| citation.source_id))
        .bind::<Array<SqlUuid>, _>(each(cited, |citation| citation.document_id))
        .bind::<Array<Text>, _>(each(cited, |citation| citation.quote.as_str()))
        .bind::<Array<Integer>, _>(each(cited, |citation| citation.start))
        .bind::<Array<Integer>, _>(each(cited, |citation| citation.end))
        .bind::<Array<Integer>, _>(each(cited, |citation| citation.answer_start))
        .bind::<Array<Integer>, _>(each(cited, |citation| citation.answer_end))
        .bind::<Nullable<Integer>, _>(attempt.map(|attempt| attempt.number))
        .bind::<Nullable<Text>, _>(attempt.map(|attempt| attempt.provider))
        .bind::<Nullable<Text>, _>(attempt.map(|attempt| attempt.model.as_str()))
        .bind::<Nullable<BigInt>, _>(end.and_then(|end| end.first_token_ms()))
        .bind::<Nullable<BigInt>, _>(end.map(|end| end.duration_ms()))
        .bind::<Nullable<Text>, _>(end.map(|end| end.outcome))
        .bind::<Nullable<BigInt>, _>(end.and_then(|end| end.input_tokens).map(i64::from))
        .bind::<Nullable<BigInt>, _>(end.and_then(|end| end.output_tokens).map(i64::from))
        .get_result(&mut connection)
        .await?;
    Ok(match row {
        FinishedRow { ended: true, .. } => {
            connection.outbox_written();
            Finished::Ended
        }
        FinishedRow { standing: true, .. } => Finished::NotRunning,
        FinishedRow { .. } => Finished::Unresolved,
    })
}

static FINISH: LazyLock<String> = LazyLock::new(|| for_quoting(include_str!("finish.sql")));

fn each<'a, T>(citations: &'a [Citation], field: fn(&'a Citation) -> T) -> Vec<T> {
    citations.iter().map(field).collect()
}

/// Returns ids, states and counts only, because the log outlives the conversation.
fn audited(generation: i32, done: &TurnDone) -> Value {
    json!({
        "status": done.status, "reason": done.reason, "generation": generation,
        "provider": done.provider, "model": done.model, "rung": done.rung,
        "citations": done.citations.len(), "usage": done.usage, "timings": done.timings,
    })
}
