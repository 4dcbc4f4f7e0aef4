//! Turns: accepted once, finished once.
//!
//! The replica that runs a turn holds its lease under a generation; a write of an older generation
//! changes nothing. Every decisive time is the database's.

mod finish;
mod lease;
mod quotes;
mod reading;
mod rows;

use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{
    Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::functions::{coalesce, from_now};
use super::schema::{conversations, turns};
use crate::domain::access::Principal;
use crate::domain::chat::{Role, SourcesStatus, TurnStatus, WITHHELD};
use crate::domain::ids::{ConversationId, MessageId, TurnId};

pub use finish::finish;
pub use lease::{
    Orphan, is_cancel_requested, list_overdue, release_lease, renew_lease, request_cancel,
    take_over_expired,
};
pub use quotes::{Span, list_quotes};
pub(in crate::persistence) use reading::{for_readers, statement_for};
pub(in crate::persistence) use rows::running;
use rows::{NewMessage, announce, insert_message};

/// The conversation of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A conversation that the owner already has.
    Existing(ConversationId),
    /// A conversation that starts with the question, and is not created if the question is refused.
    New(ConversationId),
}

impl Place {
    fn id(self) -> ConversationId {
        let (Self::Existing(id) | Self::New(id)) = self;
        id
    }
}

/// A question to be accepted.
pub struct NewTurn<'a> {
    pub id: TurnId,
    pub question_id: MessageId,
    pub conversation: Place,
    pub principal: &'a Principal,
    pub content: &'a str,
    /// The collections this turn may read; `None` means all.
    pub collections: Option<&'a [String]>,
    pub idempotency_key: Option<&'a str>,
    /// The SHA-256 of conversation and body, which distinguishes a retry from another request with
    /// the same key.
    pub request_hash: &'a [u8],
    pub triage: Value,
    /// Starts now; when it has passed, the sweeper ends the turn.
    pub deadline: Duration,
    /// The replica that runs the turn, and the time for which it may do so without a renewal.
    pub replica: &'a str,
    pub lease: Duration,
}

/// The result of an attempt to accept.
pub enum Accepted {
    New,
    /// The same request used the key before.
    Replayed(Box<StoredTurn>),
    /// Another request used the key.
    KeyReused,
    /// The owner has no such conversation.
    NoConversation,
}

/// A stored turn, as far as its reader may see it now.
#[derive(Clone, Debug, QueryableByName)]
pub struct StoredTurn {
    #[diesel(sql_type = SqlUuid)]
    pub id: TurnId,
    #[diesel(sql_type = SqlUuid)]
    pub question_id: MessageId,
    #[diesel(sql_type = Text)]
    pub status: TurnStatus,
    #[diesel(sql_type = Integer)]
    pub generation: i32,
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
    /// Returns the status of the answer's sources; `None` if it cites nothing.
    #[diesel(sql_type = Nullable<Text>)]
    pub sources_status: Option<SourcesStatus>,
    /// Whether nothing was left out; only then may its events be replayed as they were sent.
    #[diesel(sql_type = Bool)]
    pub intact: bool,
}

/// Stores question, turn and outbox row, and a new conversation if there is one, in one
/// transaction; from here the turn cannot be lost.
pub async fn accept(database: &Database, new: &NewTurn<'_>) -> Result<Accepted, DbError> {
    let mut connection = database.connection().await?;
    let outcome = connection
        .transaction(async |connection| {
            if let Some(key) = new.idempotency_key
                && let Some(found) = find_by_key(connection, new.principal, key).await?
            {
                return Ok(replay(new, found));
            }
            if !enter_conversation(connection, new).await? {
                return Ok(Accepted::NoConversation);
            }
            insert_turn(connection, new).await?;
            insert_question(connection, new).await?;
            announce(connection, "turn.accepted", new.id, TurnStatus::Accepted).await?;
            Ok::<_, DbError>(Accepted::New)
        })
        .await;
    match (outcome, new.idempotency_key) {
        // Two requests used one key at once, and the other one won.
        (Err(DbError::Conflict(_)), Some(key)) => {
            let found = find_by_key(&mut connection, new.principal, key).await?;
            found
                .map(|found| replay(new, found))
                .ok_or_else(|| DbError::Conflict("idempotency key".into()))
        }
        (outcome, _) => outcome,
    }
}

fn replay(new: &NewTurn<'_>, found: StoredTurn) -> Accepted {
    if found.request_hash == new.request_hash {
        Accepted::Replayed(Box::new(found))
    } else {
        Accepted::KeyReused
    }
}

async fn find_by_key(
    connection: &mut Connection,
    reader: &Principal,
    key: &str,
) -> Result<Option<StoredTurn>, DbError> {
    Ok(statement_for(reader, &STORED_BY_KEY)
        .bind::<Text, _>(&reader.owner_id)
        .bind::<Text, _>(WITHHELD)
        .bind::<Text, _>(key)
        .get_result(connection)
        .await
        .optional()?)
}

static STORED_BY_KEY: LazyLock<String> = LazyLock::new(|| {
    for_readers(concat!(
        include_str!("turns/stored.sql"),
        "t.idempotency_key = $5"
    ))
});

/// Creates the conversation, or marks an existing one as used and protects it from deletion
/// meanwhile. False if the owner has no such conversation.
async fn enter_conversation(
    connection: &mut Connection,
    new: &NewTurn<'_>,
) -> Result<bool, DbError> {
    let owner = &new.principal.owner_id;
    let entered = match new.conversation {
        Place::New(id) => {
            diesel::insert_into(conversations::table)
                .values((conversations::id.eq(id), conversations::owner_id.eq(owner)))
                .execute(connection)
                .await?
        }
        Place::Existing(id) => {
            let existing = conversations::table
                .find(id)
                .filter(conversations::owner_id.eq(owner));
            diesel::update(existing)
                .set(conversations::updated_at.eq(now))
                .execute(connection)
                .await?
        }
    };
    Ok(entered == 1)
}

async fn insert_turn(connection: &mut Connection, new: &NewTurn<'_>) -> Result<(), DbError> {
    diesel::insert_into(turns::table)
        .values((
            turns::id.eq(new.id),
            turns::conversation_id.eq(new.conversation.id()),
            turns::owner_id.eq(&new.principal.owner_id),
            turns::question_id.eq(new.question_id),
            turns::status.eq(TurnStatus::Accepted),
            turns::collections.eq(new.collections),
            turns::idempotency_key.eq(new.idempotency_key),
            turns::request_hash.eq(new.request_hash),
            turns::triage.eq(&new.triage),
            turns::deadline_at.eq(from_now(new.deadline)),
            turns::lease_owner.eq(new.replica),
            turns::lease_expires_at.eq(from_now(new.lease).nullable()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_question(connection: &mut Connection, new: &NewTurn<'_>) -> Result<(), DbError> {
    let question = NewMessage {
        id: new.question_id,
        conversation_id: new.conversation.id(),
        turn_id: new.id,
        owner_id: &new.principal.owner_id,
        role: Role::User,
        content: new.content,
    };
    insert_message(connection, question).await
}

/// Returns the reader's turn, without the content that the reader may not read now.
pub async fn find(
    database: &Database,
    reader: &Principal,
    turn: TurnId,
) -> Result<Option<StoredTurn>, DbError> {
    Ok(statement_for(reader, &STORED)
        .bind::<Text, _>(&reader.owner_id)
        .bind::<Text, _>(WITHHELD)
        .bind::<SqlUuid, _>(turn)
        .get_result(&mut database.connection().await?)
        .await
        .optional()?)
}

static STORED: LazyLock<String> =
    LazyLock::new(|| for_readers(concat!(include_str!("turns/stored.sql"), "t.id = $5")));

/// Records the status of the owner's turn, and its sources once they are known. False if this
/// generation no longer runs.
pub async fn set_status(
    database: &Database,
    owner: &str,
    (turn, generation): (TurnId, i32),
    status: TurnStatus,
    sources: Option<&Value>,
) -> Result<bool, DbError> {
    let sources = coalesce::<Jsonb, _, _>(sources, turns::sources);
    let updated = diesel::update(running(turn, generation).filter(turns::owner_id.eq(owner)))
        .set((turns::status.eq(status), turns::sources.eq(sources)))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(updated == 1)
}
