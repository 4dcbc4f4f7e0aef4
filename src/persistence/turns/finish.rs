//! The end of a turn.

use diesel::OptionalExtension;
use diesel::sql_types::{Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::announce;
use crate::domain::chat::TurnDone;
use crate::domain::evidence::Citation;
use crate::domain::ids::{MessageId, TurnId};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Ends a turn: answer, citations, usage, audit and outbox in one transaction. False if the turn
/// had already ended, or if another generation runs.
pub async fn finish(
    database: &Database,
    generation: i32,
    done: &TurnDone,
) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| finish_in(connection, generation, done).await)
        .await
}

#[derive(diesel::QueryableByName)]
struct FinishedRow {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    #[diesel(sql_type = Text)]
    owner_id: String,
}

async fn finish_in(
    connection: &mut Connection,
    generation: i32,
    done: &TurnDone,
) -> Result<bool, DbError> {
    let body = serde_json::to_value(done).map_err(|e| DbError::Query(e.to_string()))?;
    let row: Option<FinishedRow> = statement(
        "UPDATE turns SET status = $3, reason = $4, done = $5, finished_at = now(),
             lease_owner = NULL, lease_expires_at = NULL
         WHERE id = $1 AND generation = $2 AND finished_at IS NULL
         RETURNING conversation_id, owner_id",
    )
    .bind::<SqlUuid, _>(done.turn_id.0)
    .bind::<Integer, _>(generation)
    .bind::<Text, _>(done.status.as_str())
    .bind::<Nullable<Text>, _>(done.reason.as_deref())
    .bind::<Jsonb, _>(&body)
    .get_result(connection)
    .await
    .optional()?;
    let Some(row) = row else {
        return Ok(false);
    };
    if let Some(message) = done.message_id {
        insert_answer(connection, &row, message, done).await?;
    }
    insert_audit(connection, &row.owner_id, generation, done).await?;
    announce(connection, "turn.finished", done.turn_id, done.status).await?;
    Ok(true)
}

async fn insert_answer(
    connection: &mut Connection,
    row: &FinishedRow,
    message: MessageId,
    done: &TurnDone,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO messages (id, conversation_id, turn_id, owner_id, role, content)
         VALUES ($1, $2, $3, $4, 'assistant', $5)",
    )
    .bind::<SqlUuid, _>(message.0)
    .bind::<SqlUuid, _>(row.conversation_id)
    .bind::<SqlUuid, _>(done.turn_id.0)
    .bind::<Text, _>(&row.owner_id)
    .bind::<Text, _>(&done.answer)
    .execute(connection)
    .await?;
    for citation in &done.citations {
        insert_citation(connection, done.turn_id, message, &row.owner_id, citation).await?;
    }
    Ok(())
}

/// Ids, states and counts only: the log outlives the conversation.
async fn insert_audit(
    connection: &mut Connection,
    owner: &str,
    generation: i32,
    done: &TurnDone,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO audit_log (actor, action, subject_type, subject_id, details)
         VALUES ($1, 'turn.finished', 'turn', $2, $3)",
    )
    .bind::<Text, _>(owner)
    .bind::<Text, _>(done.turn_id.to_string())
    .bind::<Jsonb, _>(json!({
        "status": done.status, "reason": done.reason, "generation": generation,
        "provider": done.provider, "model": done.model, "rung": done.rung,
        "citations": done.citations.len(), "usage": done.usage, "timings": done.timings,
    }))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_citation(
    connection: &mut Connection,
    turn: TurnId,
    message: MessageId,
    owner: &str,
    citation: &Citation,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO citations (turn_id, message_id, owner_id, source_id, document_id, version_id,
             quote, start_offset, end_offset, answer_start, answer_end)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind::<SqlUuid, _>(turn.0)
    .bind::<SqlUuid, _>(message.0)
    .bind::<Text, _>(owner)
    .bind::<Integer, _>(citation.source_id)
    .bind::<SqlUuid, _>(citation.document_id.0)
    .bind::<SqlUuid, _>(citation.version_id.0)
    .bind::<Text, _>(&citation.quote)
    .bind::<Integer, _>(citation.start)
    .bind::<Integer, _>(citation.end)
    .bind::<Integer, _>(citation.answer_start)
    .bind::<Integer, _>(citation.answer_end)
    .execute(connection)
    .await?;
    Ok(())
}
