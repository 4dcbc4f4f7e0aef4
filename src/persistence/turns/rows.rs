//! The rows and events that both the beginning and the end of a turn write.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use crate::domain::chat::{Role, TurnStatus};
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::domain::messaging::topics;
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::outbox;
use crate::persistence::schema::{messages, turns};

/// Selects the turn while this generation of it runs.
#[auto_type(no_type_alias)]
pub(in crate::persistence) fn running(turn: TurnId, generation: i32) -> _ {
    turns::table
        .find(turn)
        .filter(turns::generation.eq(generation))
        .filter(turns::finished_at.is_null())
}

/// A message about to be stored.
#[derive(Insertable)]
#[diesel(table_name = messages)]
pub(super) struct NewMessage<'a> {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub turn_id: TurnId,
    pub owner_id: &'a str,
    pub role: Role,
    pub content: &'a str,
}

/// Stores a message of a turn.
pub(super) async fn insert_message(
    connection: &mut Connection,
    message: NewMessage<'_>,
) -> Result<(), DbError> {
    diesel::insert_into(messages::table)
        .values(message)
        .execute(connection)
        .await?;
    Ok(())
}

/// Announces the status of a turn on the bus.
pub(super) async fn announce(
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
