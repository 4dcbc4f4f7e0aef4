//! The condition and the event that several statements about a turn share.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use serde_json::json;

use crate::domain::chat::TurnStatus;
use crate::domain::ids::TurnId;
use crate::domain::messaging::topics;
use crate::persistence::error::DbError;
use crate::persistence::outbox::{self, OutboxEvent};
use crate::persistence::schema::turns;

/// Selects the turn while this generation of it runs.
#[auto_type(no_type_alias)]
pub(in crate::persistence) fn running(turn: TurnId, generation: i32) -> _ {
    turns::table
        .find(turn)
        .filter(turns::generation.eq(generation))
        .filter(turns::finished_at.is_null())
}

/// Returns the event that announces the status of a turn on the bus.
pub(super) fn announcement(
    kind: &str,
    turn: TurnId,
    status: TurnStatus,
) -> Result<OutboxEvent, DbError> {
    outbox::event(
        topics::TURN_EVENTS,
        kind,
        &turn.to_string(),
        json!({ "turn_id": turn, "status": status }),
    )
}
