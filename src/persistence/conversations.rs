//! Conversations and their messages. Every query takes the owner's id.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::DbError;
use super::schema::{conversations, feedback, messages};
use super::turns::{for_readers, statement_for};
use crate::domain::access::Principal;
use crate::domain::chat::{Conversation, Message, Role, SourcesStatus, Utterance, WITHHELD};
use crate::domain::ids::{ConversationId, MessageId, TurnId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations, check_for_backend(Pg))]
struct ConversationRow {
    id: ConversationId,
    title: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ConversationRow> for Conversation {
    fn from(row: ConversationRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(QueryableByName)]
struct MessageRow {
    #[diesel(sql_type = SqlUuid)]
    id: MessageId,
    #[diesel(sql_type = Text)]
    role: Role,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = SqlUuid)]
    turn_id: TurnId,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    sources_status: Option<SourcesStatus>,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id,
            role: row.role,
            content: row.content,
            turn_id: row.turn_id,
            created_at: row.created_at,
            sources_status: row.sources_status,
        }
    }
}

/// Stores a conversation.
pub async fn insert(
    database: &Database,
    owner: &str,
    id: ConversationId,
    title: Option<&str>,
) -> Result<Conversation, DbError> {
    let row = diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(id),
            conversations::owner_id.eq(owner),
            conversations::title.eq(title),
        ))
        .returning(ConversationRow::as_returning())
        .get_result(&mut database.connection().await?)
        .await?;
    Ok(row.into())
}

/// Returns the owner's conversation.
pub async fn find(
    database: &Database,
    owner: &str,
    id: ConversationId,
) -> Result<Option<Conversation>, DbError> {
    let row = conversations::table
        .filter(conversations::owner_id.eq(owner))
        .filter(conversations::id.eq(id))
        .select(ConversationRow::as_select())
        .get_result(&mut database.connection().await?)
        .await
        .optional()?;
    Ok(row.map(Into::into))
}

/// Lists the owner's conversations, newest first, before `cursor`.
pub async fn list(
    database: &Database,
    owner: &str,
    cursor: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<Conversation>, DbError> {
    // One text serves both cases, with and without a cursor, so it is prepared once.
    let first = cursor.into_sql::<Nullable<SqlUuid>>().is_null();
    let rows = conversations::table
        .filter(conversations::owner_id.eq(owner))
        .filter(first.or(conversations::id.nullable().lt(cursor)))
        .order(conversations::id.desc())
        .limit(limit)
        .select(ConversationRow::as_select())
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Deletes the owner's conversation with everything that belongs to it; false if there is none.
pub async fn delete(database: &Database, owner: &str, id: ConversationId) -> Result<bool, DbError> {
    let which = conversations::table
        .filter(conversations::owner_id.eq(owner))
        .filter(conversations::id.eq(id));
    let deleted = diesel::delete(which)
        .execute(&mut database.connection().await?)
        .await?;
    Ok(deleted == 1)
}

/// Lists the newest messages of the reader's conversation, oldest first, without the content that
/// the reader may not read now.
pub async fn list_messages(
    database: &Database,
    reader: &Principal,
    conversation: ConversationId,
    limit: i64,
) -> Result<Vec<Message>, DbError> {
    let rows: Vec<MessageRow> = statement_for(reader, &MESSAGES)
        .bind::<Text, _>(&reader.owner_id)
        .bind::<Text, _>(WITHHELD)
        .bind::<SqlUuid, _>(conversation)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

static MESSAGES: LazyLock<String> =
    LazyLock::new(|| for_readers(include_str!("conversations/messages.sql")));

#[derive(QueryableByName)]
struct UtteranceRow {
    #[diesel(sql_type = Text)]
    role: Role,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = Nullable<Text>)]
    standalone: Option<String>,
}

/// Lists the newest `limit` messages before this turn, oldest first. It leaves out turns whose
/// sources were withdrawn or may not be read now, because a prompt must not repeat them.
pub async fn list_history(
    database: &Database,
    reader: &Principal,
    conversation: ConversationId,
    before: TurnId,
    limit: i64,
) -> Result<Vec<Utterance>, DbError> {
    let rows: Vec<UtteranceRow> = statement_for(reader, &HISTORY)
        .bind::<Text, _>(&reader.owner_id)
        .bind::<SqlUuid, _>(conversation)
        .bind::<SqlUuid, _>(before)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows
        .into_iter()
        // The statement returns the newest first.
        .rev()
        .map(|row| Utterance {
            role: row.role,
            content: row.content,
            standalone: row.standalone,
        })
        .collect())
}

/// Lists the newest `limit` messages of the owner in a conversation, oldest first.
pub async fn list_said(
    database: &Database,
    owner: &Principal,
    conversation: ConversationId,
    limit: u8,
) -> Result<Vec<String>, DbError> {
    let mut said: Vec<String> = messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::owner_id.eq(&owner.owner_id))
        .filter(messages::role.eq(Role::User))
        .order(messages::id.desc())
        .limit(limit.into())
        .select(messages::content)
        .load(&mut database.connection().await?)
        .await?;
    said.reverse();
    Ok(said)
}

static HISTORY: LazyLock<String> =
    LazyLock::new(|| for_readers(include_str!("conversations/history.sql")));

/// Stores the owner's feedback on an answer; false if there is no such answer.
pub async fn upsert_feedback(
    database: &Database,
    owner: &str,
    message: MessageId,
    rating: &str,
    comment: Option<&str>,
) -> Result<bool, DbError> {
    let stored = messages::table
        .filter(messages::id.eq(message))
        .filter(messages::owner_id.eq(owner))
        .filter(messages::role.eq(Role::Assistant))
        .select((
            messages::id,
            messages::owner_id,
            rating.into_sql::<Text>(),
            comment.into_sql::<Nullable<Text>>(),
        ))
        .insert_into(feedback::table)
        .into_columns((
            feedback::message_id,
            feedback::owner_id,
            feedback::rating,
            feedback::comment,
        ))
        .on_conflict((feedback::message_id, feedback::owner_id))
        .do_update()
        .set((
            feedback::rating.eq(excluded(feedback::rating)),
            feedback::comment.eq(excluded(feedback::comment)),
            feedback::created_at.eq(now),
        ))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(stored == 1)
}
