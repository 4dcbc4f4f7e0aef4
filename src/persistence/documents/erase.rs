//! Removes what a deleted document says.
//!
//! The answers that quoted it stay as they were given, with their quotes, and no reader sees them any
//! more: they are the record of what people were told. Everything else of its text goes.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use crate::domain::ids::{DocumentId, VersionId};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::documents::ids::list_ids;
use crate::persistence::error::DbError;
use crate::persistence::indexing;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{document_conflicts, document_versions, documents};
use crate::persistence::statement::statement;

/// Removes what every version of a document says. The rows remain, so that answers which cited them
/// are known; [`erase_sources`] and `remove_chunks` remove the copies of passages later.
pub(super) async fn erase(
    connection: &mut Connection,
    document: DocumentId,
) -> Result<(), DbError> {
    let versions = document_versions::table.filter(document_versions::document_id.eq(document));
    let nothing = (
        document_versions::bytes.eq(None::<&[u8]>),
        document_versions::text.eq(None::<&str>),
        document_versions::title.eq(""),
        document_versions::reason.eq(None::<&str>),
        document_versions::warnings.eq(Vec::<String>::new()),
        document_versions::findings.eq(json!([])),
        document_versions::stated_title.eq(None::<&str>),
        document_versions::stated_version.eq(None::<&str>),
        document_versions::stated_date.eq(None::<&str>),
        document_versions::stated_review.eq(None::<&str>),
    );
    Prepared(diesel::update(versions).set(nothing))
        .execute(connection)
        .await?;
    let ids: Vec<VersionId> = versions
        .select(document_versions::id)
        .load(connection)
        .await?;
    let has = document_conflicts::version_id
        .eq_any(&ids)
        .or(document_conflicts::other_version_id.eq_any(&ids));
    diesel::delete(document_conflicts::table.filter(has))
        .execute(connection)
        .await?;
    Prepared(
        diesel::update(documents::table.find(document))
            .set(documents::erase_after.eq(Some(Uuid::nil()))),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The turns that one statement looks through.
const TURNS: i64 = 1_000;

#[derive(QueryableByName)]
struct ErasedRow {
    #[diesel(sql_type = Bool)]
    more: bool,
}

/// Removes the passages of a deleted document from the sources of some turns. True if there may be
/// more to do now.
pub async fn erase_sources(database: &Database, document: DocumentId) -> Result<bool, DbError> {
    let row: ErasedRow = statement(include_str!("erase.sql"))
        .bind::<SqlUuid, _>(document)
        .bind::<BigInt, _>(TURNS)
        .get_result(&mut database.connection().await?)
        .await?;
    Ok(row.more)
}

/// Lists some deleted documents whose passages may still be among the sources of turns.
pub async fn list_to_erase(database: &Database, limit: i64) -> Result<Vec<DocumentId>, DbError> {
    list_ids(database, include_str!("to_erase.sql"), limit).await
}

/// Removes the words that no chunk contains any more.
pub async fn remove_unused_terms(database: &Database) -> Result<(), DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            indexing::lock_lexical(connection).await?;
            statement(include_str!("unused_terms.sql"))
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
}
