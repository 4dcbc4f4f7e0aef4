//! Turns: accepted once, finished once.

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{
    Array, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Database, DbError, outbox};
use crate::domain::chat::{TurnDone, TurnStatus};
use crate::domain::evidence::Citation;
use crate::domain::ids::{ConversationId, MessageId, TurnId, VersionId};
use crate::domain::messaging::topics;

/// A question about to be accepted.
pub struct NewTurn<'a> {
    pub id: TurnId,
    pub question_id: MessageId,
    pub conversation_id: ConversationId,
    pub owner: &'a str,
    pub content: &'a str,
    pub collections: Option<&'a [String]>,
    pub idempotency_key: Option<&'a str>,
    /// SHA-256 of conversation and body: tells a retry from another request with the same key.
    pub request_hash: &'a [u8],
    pub triage: Value,
    pub deadline_at: DateTime<Utc>,
}

/// What became of an attempt to accept.
pub enum Accepted {
    New,
    /// The key was used for the same request before.
    Replayed(StoredTurn),
    /// The key was used for another request.
    KeyReused,
}

/// A turn as it is stored.
#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct StoredTurn {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub question_id: Uuid,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Binary)]
    pub request_hash: Vec<u8>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub done: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub triage: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub sources: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

impl StoredTurn {
    /// Where the turn is.
    pub fn status(&self) -> TurnStatus {
        TurnStatus::parse(&self.status).unwrap_or(TurnStatus::Failed)
    }
}

const COLUMNS: &str = "id, question_id, status, request_hash, done, triage, sources, created_at";

/// Stores question, turn and outbox row in one transaction: from here the turn is never lost.
pub async fn accept(database: &Database, new: &NewTurn<'_>) -> Result<Accepted, DbError> {
    let mut connection = database.connection().await?;
    let outcome = connection
        .transaction(async |connection| {
            if let Some(key) = new.idempotency_key
                && let Some(found) = find_by_key(connection, new.owner, key).await?
            {
                return Ok(replay(new, found));
            }
            insert_turn(connection, new).await?;
            insert_message(connection, new, new.question_id, "user", new.content).await?;
            diesel::sql_query("UPDATE conversations SET updated_at = now() WHERE id = $1")
                .bind::<SqlUuid, _>(new.conversation_id.0)
                .execute(connection)
                .await?;
            announce(connection, "turn.accepted", new.id, TurnStatus::Accepted).await?;
            Ok::<_, DbError>(Accepted::New)
        })
        .await;
    match (outcome, new.idempotency_key) {
        // Two requests with one key at once: the other one won.
        (Err(DbError::Conflict(_)), Some(key)) => {
            let found = find_by_key(&mut connection, new.owner, key).await?;
            found
                .map(|found| replay(new, found))
                .ok_or_else(|| DbError::Conflict("idempotency key".into()))
        }
        (outcome, _) => outcome,
    }
}

fn replay(new: &NewTurn<'_>, found: StoredTurn) -> Accepted {
    if found.request_hash == new.request_hash {
        Accepted::Replayed(found)
    } else {
        Accepted::KeyReused
    }
}

async fn find_by_key(
    connection: &mut AsyncPgConnection,
    owner: &str,
    key: &str,
) -> Result<Option<StoredTurn>, DbError> {
    Ok(diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM turns WHERE owner_id = $1 AND idempotency_key = $2"
    ))
    .bind::<Text, _>(owner)
    .bind::<Text, _>(key)
    .get_result(connection)
    .await
    .optional()?)
}

async fn insert_turn(connection: &mut AsyncPgConnection, new: &NewTurn<'_>) -> Result<(), DbError> {
    diesel::sql_query(
        "INSERT INTO turns (id, conversation_id, owner_id, question_id, status, collections,
             idempotency_key, request_hash, triage, deadline_at)
         VALUES ($1, $2, $3, $4, 'accepted', $5, $6, $7, $8, $9)",
    )
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<SqlUuid, _>(new.conversation_id.0)
    .bind::<Text, _>(new.owner)
    .bind::<SqlUuid, _>(new.question_id.0)
    .bind::<Nullable<Array<Text>>, _>(new.collections)
    .bind::<Nullable<Text>, _>(new.idempotency_key)
    .bind::<Binary, _>(new.request_hash)
    .bind::<Jsonb, _>(&new.triage)
    .bind::<Timestamptz, _>(new.deadline_at)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_message(
    connection: &mut AsyncPgConnection,
    new: &NewTurn<'_>,
    id: MessageId,
    role: &str,
    content: &str,
) -> Result<(), DbError> {
    diesel::sql_query(
        "INSERT INTO messages (id, conversation_id, turn_id, owner_id, role, content)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(new.conversation_id.0)
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<Text, _>(new.owner)
    .bind::<Text, _>(role)
    .bind::<Text, _>(content)
    .execute(connection)
    .await?;
    Ok(())
}

async fn announce(
    connection: &mut AsyncPgConnection,
    kind: &str,
    turn: TurnId,
    status: TurnStatus,
) -> Result<(), DbError> {
    outbox::insert(
        connection,
        topics::TURN_EVENTS,
        kind,
        &turn.to_string(),
        json!({ "turn_id": turn, "status": status }),
    )
    .await
}

/// The owner's turn.
pub async fn find(
    database: &Database,
    owner: &str,
    turn: TurnId,
) -> Result<Option<StoredTurn>, DbError> {
    Ok(diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM turns WHERE owner_id = $1 AND id = $2"
    ))
    .bind::<Text, _>(owner)
    .bind::<SqlUuid, _>(turn.0)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?)
}

/// Notes where the turn is, and its sources once they are known.
pub async fn set_status(
    database: &Database,
    turn: TurnId,
    status: TurnStatus,
    sources: Option<&Value>,
) -> Result<(), DbError> {
    diesel::sql_query(
        "UPDATE turns SET status = $2, sources = coalesce($3, sources)
         WHERE id = $1 AND finished_at IS NULL",
    )
    .bind::<SqlUuid, _>(turn.0)
    .bind::<Text, _>(status.as_str())
    .bind::<Nullable<Jsonb>, _>(sources)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(())
}

/// Ends a turn: answer, citations, usage, audit and outbox in one transaction. False if the turn
/// had already ended.
pub async fn finish(database: &Database, done: &TurnDone) -> Result<bool, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| finish_in(connection, done).await)
        .await
}

#[derive(diesel::QueryableByName)]
struct FinishedRow {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    #[diesel(sql_type = Text)]
    owner_id: String,
}

async fn finish_in(connection: &mut AsyncPgConnection, done: &TurnDone) -> Result<bool, DbError> {
    let body = serde_json::to_value(done).map_err(|e| DbError::Query(e.to_string()))?;
    let row: Option<FinishedRow> = diesel::sql_query(
        "UPDATE turns SET status = $2, reason = $3, done = $4, finished_at = now()
         WHERE id = $1 AND finished_at IS NULL RETURNING conversation_id, owner_id",
    )
    .bind::<SqlUuid, _>(done.turn_id.0)
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
        diesel::sql_query(
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
    }
    diesel::sql_query(
        "INSERT INTO audit_log (actor, action, subject_type, subject_id, details)
         VALUES ($1, 'turn.finished', 'turn', $2, $3)",
    )
    .bind::<Text, _>(&row.owner_id)
    .bind::<Text, _>(done.turn_id.to_string())
    .bind::<Jsonb, _>(json!({
        "status": done.status, "provider": done.provider, "model": done.model,
        "citations": done.citations.len(), "usage": done.usage, "timings": done.timings,
    }))
    .execute(connection)
    .await?;
    announce(connection, "turn.finished", done.turn_id, done.status).await?;
    Ok(true)
}

async fn insert_citation(
    connection: &mut AsyncPgConnection,
    turn: TurnId,
    message: MessageId,
    owner: &str,
    citation: &Citation,
) -> Result<(), DbError> {
    diesel::sql_query(
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

/// Asks whichever replica runs the owner's turn to stop; false if there is no such turn.
pub async fn request_cancel(
    database: &Database,
    owner: &str,
    turn: TurnId,
) -> Result<bool, DbError> {
    let found = diesel::sql_query(
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

/// Whether someone asked for the turn to stop.
pub async fn is_cancel_requested(database: &Database, turn: TurnId) -> Result<bool, DbError> {
    let row: Option<FlagRow> = diesel::sql_query(
        "SELECT cancel_requested_at IS NOT NULL AS flag FROM turns WHERE id = $1",
    )
    .bind::<SqlUuid, _>(turn.0)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    // A turn whose conversation was deleted has nobody to answer.
    Ok(row.is_none_or(|row| row.flag))
}

#[derive(diesel::QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Ids of unfinished turns whose deadline has passed, by the database's clock.
pub async fn list_overdue(database: &Database) -> Result<Vec<TurnId>, DbError> {
    let rows: Vec<IdRow> = diesel::sql_query(
        "SELECT id FROM turns WHERE finished_at IS NULL AND deadline_at < now()
         ORDER BY deadline_at LIMIT 100",
    )
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

/// The stored text of a version between two character offsets: what a citation must equal.
pub async fn find_quote(
    database: &Database,
    version: VersionId,
    start: i32,
    end: i32,
) -> Result<Option<String>, DbError> {
    #[derive(diesel::QueryableByName)]
    struct QuoteRow {
        #[diesel(sql_type = Nullable<Text>)]
        quote: Option<String>,
    }
    let row: Option<QuoteRow> = diesel::sql_query(
        "SELECT substr(text, $2 + 1, $3 - $2) AS quote FROM document_versions WHERE id = $1",
    )
    .bind::<SqlUuid, _>(version.0)
    .bind::<Integer, _>(start)
    .bind::<Integer, _>(end.max(start))
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    Ok(row.and_then(|row| row.quote))
}
