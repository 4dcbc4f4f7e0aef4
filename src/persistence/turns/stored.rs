//! A stored turn, as its reader may see it.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::reading::{for_readers, statement_for};
use crate::domain::access::Principal;
use crate::domain::chat::{SourcesStatus, TurnStatus, WITHHELD};
use crate::domain::ids::{MessageId, TurnId};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;

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
    LazyLock::new(|| for_readers(concat!(include_str!("stored.sql"), "t.id = $5")));

/// Returns the reader's turn that this idempotency key began.
pub(super) async fn find_by_key(
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
        include_str!("stored.sql"),
        "t.idempotency_key = $5"
    ))
});
