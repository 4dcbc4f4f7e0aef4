//! The end of a turn.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Value, json};

use super::rows::{NewMessage, announce, insert_message, running};
use crate::domain::chat::{Role, TurnDone, TurnStatus};
use crate::domain::evidence::Citation;
use crate::domain::ids::{ConversationId, DocumentId, MessageId, TurnId, VersionId};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::schema::{audit_log, citations, turns};

/// Ends a turn, and stores answer, citations, usage, audit and outbox in one transaction. False if
/// the turn had already ended, or if another generation runs.
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

/// The stored end of a turn.
#[derive(AsChangeset)]
#[diesel(table_name = turns, treat_none_as_null = true)]
struct Finish {
    status: TurnStatus,
    reason: Option<String>,
    done: Value,
    lease_owner: Option<String>,
    lease_expires_at: Option<DateTime<Utc>>,
}

/// The owner of the turn.
#[derive(Queryable, Selectable)]
#[diesel(table_name = turns, check_for_backend(Pg))]
struct FinishedRow {
    conversation_id: ConversationId,
    owner_id: String,
}

async fn finish_in(
    connection: &mut Connection,
    generation: i32,
    done: &TurnDone,
) -> Result<bool, DbError> {
    let finish = Finish {
        status: done.status,
        reason: done.reason.clone(),
        done: serde_json::to_value(done).map_err(|e| DbError::Query(e.to_string()))?,
        lease_owner: None,
        lease_expires_at: None,
    };
    let row = diesel::update(running(done.turn_id, generation))
        .set((finish, turns::finished_at.eq(now)))
        .returning(FinishedRow::as_returning())
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
    let answer = NewMessage {
        id: message,
        conversation_id: row.conversation_id,
        turn_id: done.turn_id,
        owner_id: &row.owner_id,
        role: Role::Assistant,
        content: &done.answer,
    };
    insert_message(connection, answer).await?;
    for citation in &done.citations {
        insert_citation(connection, &row.owner_id, (done.turn_id, message), citation).await?;
    }
    Ok(())
}

/// Writes ids, states and counts only, because the log outlives the conversation.
async fn insert_audit(
    connection: &mut Connection,
    owner: &str,
    generation: i32,
    done: &TurnDone,
) -> Result<(), DbError> {
    let details = json!({
        "status": done.status, "reason": done.reason, "generation": generation,
        "provider": done.provider, "model": done.model, "rung": done.rung,
        "citations": done.citations.len(), "usage": done.usage, "timings": done.timings,
    });
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::actor.eq(owner),
            audit_log::action.eq("turn.finished"),
            audit_log::subject_type.eq("turn"),
            audit_log::subject_id.eq(done.turn_id.to_string()),
            audit_log::details.eq(details),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = citations)]
struct NewCitation<'a> {
    turn_id: TurnId,
    message_id: MessageId,
    owner_id: &'a str,
    source_id: i32,
    document_id: DocumentId,
    version_id: VersionId,
    quote: &'a str,
    start_offset: i32,
    end_offset: i32,
    answer_start: i32,
    answer_end: i32,
}

async fn insert_citation(
    connection: &mut Connection,
    owner_id: &str,
    (turn_id, message_id): (TurnId, MessageId),
    citation: &Citation,
) -> Result<(), DbError> {
    let new = NewCitation {
        turn_id,
        message_id,
        owner_id,
        source_id: citation.source_id,
        document_id: citation.document_id,
        version_id: citation.version_id,
        quote: &citation.quote,
        start_offset: citation.start,
        end_offset: citation.end,
        answer_start: citation.answer_start,
        answer_end: citation.answer_end,
    };
    diesel::insert_into(citations::table)
        .values(new)
        .execute(connection)
        .await?;
    Ok(())
}
