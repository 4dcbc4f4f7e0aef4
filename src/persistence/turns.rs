//! Turns: accepted once, finished once.
//!
//! Whoever runs a turn holds its lease under a generation; a write of an older generation
//! changes nothing. Every time that decides anything is the database's.

mod finish;
mod lease;
mod quotes;
mod reading;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{
    Array, Binary, Bool, Double, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::outbox;
use super::statement::statement;
use crate::domain::access::Principal;
use crate::domain::chat::{SourcesStatus, TurnStatus};
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::domain::messaging::topics;

pub use finish::finish;
pub use lease::{
    Orphan, is_cancel_requested, list_overdue, release_lease, renew_lease, request_cancel,
    take_over_expired,
};
pub use quotes::{Span, list_quotes};
pub(in crate::persistence) use reading::{READING, readable, unless_withheld};

/// A question about to be accepted.
pub struct NewTurn<'a> {
    pub id: TurnId,
    pub question_id: MessageId,
    pub conversation_id: ConversationId,
    pub principal: &'a Principal,
    pub content: &'a str,
    /// The collections this turn may read; `None` means all.
    pub collections: Option<&'a [String]>,
    pub idempotency_key: Option<&'a str>,
    /// SHA-256 of conversation and body: tells a retry from another request with the same key.
    pub request_hash: &'a [u8],
    pub triage: Value,
    /// From now; past it the sweeper ends the turn.
    pub deadline: Duration,
    /// Who runs it, and for how long without renewal.
    pub replica: &'a str,
    pub lease: Duration,
}

/// What became of an attempt to accept.
pub enum Accepted {
    New,
    /// The key was used for the same request before.
    Replayed(Box<StoredTurn>),
    /// The key was used for another request.
    KeyReused,
    /// The owner has no such conversation.
    NoConversation,
}

/// A turn as it is stored, as far as its reader may see it now.
#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct StoredTurn {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub question_id: Uuid,
    #[diesel(sql_type = Text)]
    pub status: String,
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
    #[diesel(sql_type = Nullable<Text>)]
    pub sources_status: Option<String>,
    /// Whether nothing had to be left out: only then may its events be replayed as they were sent.
    #[diesel(sql_type = Bool)]
    pub intact: bool,
}

impl StoredTurn {
    /// Where the turn is.
    pub fn status(&self) -> TurnStatus {
        TurnStatus::parse(&self.status).unwrap_or(TurnStatus::Failed)
    }

    /// Whether the sources of the answer still stand; none if it cites nothing.
    pub fn sources_status(&self) -> Option<SourcesStatus> {
        SourcesStatus::parse(self.sources_status.as_deref()?)
    }
}

/// Stores question, turn and outbox row in one transaction: from here the turn is never lost.
pub async fn accept(database: &Database, new: &NewTurn<'_>) -> Result<Accepted, DbError> {
    let mut connection = database.connection().await?;
    let outcome = connection
        .transaction(async |connection| {
            if let Some(key) = new.idempotency_key
                && let Some(found) = find_by_key(connection, new.principal, key).await?
            {
                return Ok(replay(new, found));
            }
            if !touch_conversation(connection, new).await? {
                return Ok(Accepted::NoConversation);
            }
            insert_turn(connection, new).await?;
            insert_question(connection, new).await?;
            announce(connection, "turn.accepted", new.id, TurnStatus::Accepted).await?;
            Ok::<_, DbError>(Accepted::New)
        })
        .await;
    match (outcome, new.idempotency_key) {
        // Two requests with one key at once: the other one won.
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
    Ok(statement(select("t.idempotency_key = $4"))
        .bind::<Text, _>(&reader.owner_id)
        .bind::<Nullable<Array<Text>>, _>(reader.collections.as_deref())
        .bind::<Nullable<SqlUuid>, _>(reader.key.map(|key| key.0))
        .bind::<Text, _>(key)
        .get_result(connection)
        .await
        .optional()?)
}

/// A statement that loads turns of the reader: `$1` to `$3` are owner, collections and key.
fn select(which: &str) -> String {
    format!(
        "WITH {} SELECT {} FROM turns t {READING} WHERE t.owner_id = $1 AND {which}",
        readable("$2", "$3"),
        reading::columns(),
    )
}

/// Marks the owner's conversation as used, and keeps it from being deleted meanwhile.
async fn touch_conversation(
    connection: &mut Connection,
    new: &NewTurn<'_>,
) -> Result<bool, DbError> {
    let touched =
        statement("UPDATE conversations SET updated_at = now() WHERE owner_id = $1 AND id = $2")
            .bind::<Text, _>(&new.principal.owner_id)
            .bind::<SqlUuid, _>(new.conversation_id.0)
            .execute(connection)
            .await?;
    Ok(touched == 1)
}

async fn insert_turn(connection: &mut Connection, new: &NewTurn<'_>) -> Result<(), DbError> {
    statement(
        "INSERT INTO turns (id, conversation_id, owner_id, question_id, status, collections,
             idempotency_key, request_hash, triage, deadline_at, lease_owner, lease_expires_at)
         VALUES ($1, $2, $3, $4, 'accepted', $5, $6, $7, $8, now() + make_interval(secs => $9),
             $10, now() + make_interval(secs => $11))",
    )
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<SqlUuid, _>(new.conversation_id.0)
    .bind::<Text, _>(&new.principal.owner_id)
    .bind::<SqlUuid, _>(new.question_id.0)
    .bind::<Nullable<Array<Text>>, _>(new.collections)
    .bind::<Nullable<Text>, _>(new.idempotency_key)
    .bind::<Binary, _>(new.request_hash)
    .bind::<Jsonb, _>(&new.triage)
    .bind::<Double, _>(new.deadline.as_secs_f64())
    .bind::<Text, _>(new.replica)
    .bind::<Double, _>(new.lease.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_question(connection: &mut Connection, new: &NewTurn<'_>) -> Result<(), DbError> {
    statement(
        "INSERT INTO messages (id, conversation_id, turn_id, owner_id, role, content)
         VALUES ($1, $2, $3, $4, 'user', $5)",
    )
    .bind::<SqlUuid, _>(new.question_id.0)
    .bind::<SqlUuid, _>(new.conversation_id.0)
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<Text, _>(&new.principal.owner_id)
    .bind::<Text, _>(new.content)
    .execute(connection)
    .await?;
    Ok(())
}

async fn announce(
    connection: &mut Connection,
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

/// The reader's turn, without what the reader may not read now.
pub async fn find(
    database: &Database,
    reader: &Principal,
    turn: TurnId,
) -> Result<Option<StoredTurn>, DbError> {
    Ok(statement(select("t.id = $4"))
        .bind::<Text, _>(&reader.owner_id)
        .bind::<Nullable<Array<Text>>, _>(reader.collections.as_deref())
        .bind::<Nullable<SqlUuid>, _>(reader.key.map(|key| key.0))
        .bind::<SqlUuid, _>(turn.0)
        .get_result(&mut database.connection().await?)
        .await
        .optional()?)
}

/// Notes where the owner's turn is, and its sources once they are known. False if this generation
/// no longer runs.
pub async fn set_status(
    database: &Database,
    owner: &str,
    (turn, generation): (TurnId, i32),
    status: TurnStatus,
    sources: Option<&Value>,
) -> Result<bool, DbError> {
    let updated = statement(
        "UPDATE turns SET status = $4, sources = coalesce($5, sources)
         WHERE owner_id = $1 AND id = $2 AND generation = $3 AND finished_at IS NULL",
    )
    .bind::<Text, _>(owner)
    .bind::<SqlUuid, _>(turn.0)
    .bind::<Integer, _>(generation)
    .bind::<Text, _>(status.as_str())
    .bind::<Nullable<Jsonb>, _>(sources)
    .execute(&mut database.connection().await?)
    .await?;
    Ok(updated == 1)
}
