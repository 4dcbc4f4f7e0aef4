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

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::database::Database;
use super::error::DbError;
use super::functions::not_durably;
use super::schema::turns;
use crate::domain::access::Principal;
use crate::domain::chat::{SourcesStatus, TurnStatus, WITHHELD};
use crate::domain::ids::{MessageId, TurnId};

pub use accept::{Accepted, NewTurn, Place, accept};
pub use finish::{Finished, finish};
pub use lease::{
    Orphan, list_overdue, list_unwanted, release_lease, renew_leases, request_cancel,
    take_over_expired,
};
pub use quotes::{Span, list_quotes, list_standing};
pub(in crate::persistence) use reading::{for_readers, statement_for};
pub(in crate::persistence) use rows::running;

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
