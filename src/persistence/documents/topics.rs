//! The titles of the documents that answer.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::domain::access::Principal;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::retrieval::when_in_force;
use crate::persistence::turns::{for_readers, statement_for};

#[derive(QueryableByName)]
struct TitleRow {
    #[diesel(sql_type = Text)]
    title: String,
}

/// Lists the titles of at most `limit` documents that may answer the reader now, the newest first.
/// `collections` are names; `None` means every collection.
pub async fn list_topics(
    database: &Database,
    reader: &Principal,
    collections: Option<&[String]>,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let rows: Vec<TitleRow> = statement_for(reader, &TOPICS)
        .bind::<Nullable<Array<Text>>, _>(collections)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| row.title).collect())
}

static TOPICS: LazyLock<String> =
    LazyLock::new(|| for_readers(&when_in_force(include_str!("topics.sql"))));
