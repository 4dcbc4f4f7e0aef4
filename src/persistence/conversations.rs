//! Conversations and their messages. Every query takes the owner's id.

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Database;
use super::error::DbError;
use super::statement::statement;
use super::turns::{READING, readable, unless_withheld};
use crate::domain::access::Principal;
use crate::domain::chat::{Conversation, Message, Role, SourcesStatus, Utterance};
use crate::domain::ids::{ConversationId, MessageId, TurnId};

#[derive(diesel::QueryableByName)]
struct ConversationRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<ConversationRow> for Conversation {
    fn from(row: ConversationRow) -> Self {
        Self {
            id: row.id.into(),
            title: row.title,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(diesel::QueryableByName)]
struct MessageRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = SqlUuid)]
    turn_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    sources_status: Option<String>,
}

fn role(name: &str) -> Role {
    if name == "assistant" {
        Role::Assistant
    } else {
        Role::User
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id.into(),
            role: role(&row.role),
            content: row.content,
            turn_id: row.turn_id.into(),
            created_at: row.created_at,
            sources_status: row
                .sources_status
                .and_then(|name| SourcesStatus::parse(&name)),
        }
    }
}

const COLUMNS: &str = "id, title, created_at, updated_at";

/// Stores a conversation.
pub async fn insert(
    database: &Database,
    owner: &str,
    id: ConversationId,
    title: Option<&str>,
) -> Result<Conversation, DbError> {
    let row: ConversationRow = statement(format!(
        "INSERT INTO conversations (id, owner_id, title) VALUES ($1, $2, $3) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(owner)
    .bind::<Nullable<Text>, _>(title)
    .get_result(&mut database.connection().await?)
    .await?;
    Ok(row.into())
}

/// The owner's conversation.
pub async fn find(
    database: &Database,
    owner: &str,
    id: ConversationId,
) -> Result<Option<Conversation>, DbError> {
    let row: Option<ConversationRow> = statement(format!(
        "SELECT {COLUMNS} FROM conversations WHERE owner_id = $1 AND id = $2"
    ))
    .bind::<Text, _>(owner)
    .bind::<SqlUuid, _>(id.0)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    Ok(row.map(Into::into))
}

/// The owner's conversations, newest first, before `cursor`.
pub async fn list(
    database: &Database,
    owner: &str,
    cursor: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<Conversation>, DbError> {
    let rows: Vec<ConversationRow> = statement(format!(
        "SELECT {COLUMNS} FROM conversations
         WHERE owner_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    ))
    .bind::<Text, _>(owner)
    .bind::<Nullable<SqlUuid>, _>(cursor.map(|id| id.0))
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Deletes the owner's conversation with all that hangs on it; false if there is none.
pub async fn delete(database: &Database, owner: &str, id: ConversationId) -> Result<bool, DbError> {
    let deleted = statement("DELETE FROM conversations WHERE owner_id = $1 AND id = $2")
        .bind::<Text, _>(owner)
        .bind::<SqlUuid, _>(id.0)
        .execute(&mut database.connection().await?)
        .await?;
    Ok(deleted == 1)
}

/// The newest messages of the reader's conversation, oldest first, without what the reader may not
/// read now.
pub async fn list_messages(
    database: &Database,
    reader: &Principal,
    conversation: ConversationId,
    limit: i64,
) -> Result<Vec<Message>, DbError> {
    let rows: Vec<MessageRow> = statement(format!(
        "WITH {} SELECT m.id, m.role, {} AS content, m.turn_id, m.created_at, r.sources_status
         FROM (
             SELECT id, role, content, turn_id, created_at FROM messages
             WHERE owner_id = $1 AND conversation_id = $4 ORDER BY id DESC LIMIT $5
         ) m LEFT JOIN turns t ON t.id = m.turn_id AND m.role = 'assistant' {READING}
         ORDER BY m.id",
        readable("$2", "$3"),
        unless_withheld("m.content"),
    ))
    .bind::<Text, _>(&reader.owner_id)
    .bind::<Nullable<Array<Text>>, _>(reader.collections.as_deref())
    .bind::<Nullable<SqlUuid>, _>(reader.key.map(|key| key.0))
    .bind::<SqlUuid, _>(conversation.0)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

#[derive(diesel::QueryableByName)]
struct UtteranceRow {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    content: String,
}

/// The newest `limit` messages before this turn, oldest first; without the turns whose sources have
/// been withdrawn or may not be read now, which must not come back as something that was said.
pub async fn list_history(
    database: &Database,
    reader: &Principal,
    conversation: ConversationId,
    before: TurnId,
    limit: i64,
) -> Result<Vec<Utterance>, DbError> {
    let rows: Vec<UtteranceRow> = statement(format!(
        "WITH {} SELECT role, content FROM (
             SELECT m.id, m.role, m.content FROM messages m JOIN turns t ON t.id = m.turn_id
             {READING}
             WHERE m.owner_id = $1 AND m.conversation_id = $4 AND m.turn_id < $5
                 AND (r.sources_status IS NULL OR r.sources_status IN ('current', 'replaced'))
             ORDER BY m.id DESC LIMIT $6
         ) newest ORDER BY id",
        readable("$2", "$3")
    ))
    .bind::<Text, _>(&reader.owner_id)
    .bind::<Nullable<Array<Text>>, _>(reader.collections.as_deref())
    .bind::<Nullable<SqlUuid>, _>(reader.key.map(|key| key.0))
    .bind::<SqlUuid, _>(conversation.0)
    .bind::<SqlUuid, _>(before.0)
    .bind::<BigInt, _>(limit)
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Utterance {
            role: role(&row.role),
            content: row.content,
        })
        .collect())
}

/// Stores what the owner thinks of an answer of theirs; false if there is no such answer.
pub async fn upsert_feedback(
    database: &Database,
    owner: &str,
    message: MessageId,
    rating: &str,
    comment: Option<&str>,
) -> Result<bool, DbError> {
    let stored = statement(
        "INSERT INTO feedback (message_id, owner_id, rating, comment)
         SELECT id, owner_id, $3, $4 FROM messages
         WHERE id = $1 AND owner_id = $2 AND role = 'assistant'
         ON CONFLICT (message_id, owner_id) DO UPDATE
         SET rating = excluded.rating, comment = excluded.comment, created_at = now()",
    )
    .bind::<SqlUuid, _>(message.0)
    .bind::<Text, _>(owner)
    .bind::<Text, _>(rating)
    .bind::<Nullable<Text>, _>(comment)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(stored == 1)
}
