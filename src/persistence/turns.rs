//! Turns: accepted once, finished once.
//!
//! The replica that runs a turn holds its lease under a generation; a write of an older generation
//! changes nothing. Every decisive time is the database's.

mod accept;
mod finish;
mod lease;
mod quotes;
mod reading;
mod rows;
mod stored;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::database::Database;
use super::error::DbError;
use super::functions::not_durably;
use super::schema::turns;
use crate::domain::chat::TurnStatus;
use crate::domain::ids::TurnId;

pub use accept::{Accepted, NewTurn, Place, accept};
pub use finish::{Finished, finish};
pub use lease::{
    Orphan, list_overdue, list_unwanted, release_lease, renew_leases, request_cancel,
    take_over_expired,
};
pub use quotes::{Span, list_quotes, list_standing};
pub(in crate::persistence) use reading::{for_readers, statement_for};
pub(in crate::persistence) use rows::running;
pub use stored::{StoredTurn, find};

/// Records that the owner's turn is being answered from these sources. False if this generation no
/// longer runs. A crash of the server may lose the record, but not the turn.
pub async fn begin_answer(
    database: &Database,
    owner: &str,
    (turn, generation): (TurnId, i32),
    sources: &Value,
) -> Result<bool, DbError> {
    let own = running(turn, generation).filter(turns::owner_id.eq(owner));
    let updated = diesel::update(own.filter(not_durably()))
        .set((
            turns::status.eq(TurnStatus::Answering),
            turns::sources.eq(sources),
        ))
        .execute(&mut database.connection().await?)
        .await?;
    Ok(updated == 1)
}
