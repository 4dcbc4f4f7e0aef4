//! The beginning of a turn.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Bool, Double, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::rows::announcement;
use super::stored::{StoredTurn, find_by_key};
use crate::domain::access::Principal;
use crate::domain::chat::TurnStatus;
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

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

#[derive(QueryableByName)]
struct AcceptedRow {
    #[diesel(sql_type = Bool)]
    accepted: bool,
    #[diesel(sql_type = Bool)]
    known: bool,
}

/// Stores question, turn and outbox row, and a new conversation if there is one, in one statement;
/// from here the turn cannot be lost.
pub async fn accept(database: &Database, new: &NewTurn<'_>) -> Result<Accepted, DbError> {
    let mut connection = database.connection().await?;
    match (insert(&mut connection, new).await, new.idempotency_key) {
        (Ok(AcceptedRow { accepted: true, .. }), _) => {
            connection.outbox_written();
            Ok(Accepted::New)
        }
        // The second case: two requests used one key at once, and the other one won.
        (Ok(AcceptedRow { known: true, .. }) | Err(DbError::Conflict(_)), Some(key)) => {
            let found = find_by_key(&mut connection, new.principal, key).await?;
            found
                .map(|found| replay(new, found))
                .ok_or_else(|| DbError::Conflict("idempotency key".into()))
        }
        (Ok(_), _) => Ok(Accepted::NoConversation),
        (Err(error), _) => Err(error),
    }
}

async fn insert(connection: &mut Connection, new: &NewTurn<'_>) -> Result<AcceptedRow, DbError> {
    let event = announcement("turn.accepted", new.id, TurnStatus::Accepted)?;
    Ok(statement(include_str!("accept.sql"))
        .bind::<Text, _>(&new.principal.owner_id)
        .bind::<Nullable<Text>, _>(new.idempotency_key)
        .bind::<Binary, _>(new.request_hash)
        .bind::<SqlUuid, _>(new.conversation.id())
        .bind::<Bool, _>(matches!(new.conversation, Place::New(_)))
        .bind::<SqlUuid, _>(new.id)
        .bind::<SqlUuid, _>(new.question_id)
        .bind::<Nullable<Array<Text>>, _>(new.collections)
        .bind::<Jsonb, _>(&new.triage)
        .bind::<Double, _>(new.deadline.as_secs_f64())
        .bind::<Text, _>(new.replica)
        .bind::<Double, _>(new.lease.as_secs_f64())
        .bind::<Text, _>(new.content)
        .bind::<SqlUuid, _>(event.id)
        .bind::<Text, _>(event.topic)
        .bind::<Jsonb, _>(event.envelope)
        .get_result(connection)
        .await?)
}

fn replay(new: &NewTurn<'_>, found: StoredTurn) -> Accepted {
    if found.request_hash == new.request_hash {
        Accepted::Replayed(Box::new(found))
    } else {
        Accepted::KeyReused
    }
}
