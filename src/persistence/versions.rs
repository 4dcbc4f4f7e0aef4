//! The version of a document that answers: the switch to another one, now or at a later time.
//!
//! The caller of these functions holds the lock of the document.

use diesel::sql_types::{BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::audit::audit;
use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::outbox;
use super::statement::statement;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::topics;

/// The chunks that one statement moves, so that a long document does not exceed the deadline of a
/// statement.
const SLICE: i64 = 1_000;

/// The actor of entries that nobody asked for.
pub(super) const SYSTEM: &str = "chatbot";

#[derive(diesel::QueryableByName)]
struct Changed {
    #[diesel(sql_type = SqlUuid)]
    id: DocumentId,
}

/// Lets a version answer from its effective time on, instead of every version before it. The
/// document that it supersedes expires at that time.
pub(super) async fn switch(
    connection: &mut Connection,
    document: DocumentId,
    version: VersionId,
    approver: Option<&str>,
) -> Result<(), DbError> {
    promote(connection, Some(document)).await?;
    statement(include_str!("versions/switch.sql"))
        .bind::<SqlUuid, _>(document)
        .bind::<SqlUuid, _>(version)
        .bind::<Nullable<Text>, _>(approver)
        .execute(connection)
        .await?;
    let superseded: Vec<Changed> = statement(include_str!("versions/supersede.sql"))
        .bind::<SqlUuid, _>(version)
        .load(connection)
        .await?;
    for Changed { id } in superseded {
        let payload = json!({ "document_id": id, "superseded_by": document });
        let key = id.to_string();
        outbox::insert(
            connection,
            topics::DOCUMENT_EVENTS,
            "document.superseded",
            &key,
            payload,
        )
        .await?;
        let details = json!({ "superseded_by": document, "version_id": version });
        let actor = approver.unwrap_or(SYSTEM);
        audit(connection, actor, "document.superseded", id, details).await?;
    }
    Ok(())
}

/// Makes scheduled versions current whose time has come: of one document, or of all. Searches do
/// not wait for this, because they compare the time themselves.
pub(super) async fn promote(
    connection: &mut Connection,
    document: Option<DocumentId>,
) -> Result<Vec<DocumentId>, DbError> {
    let promoted: Vec<Changed> = statement(include_str!("versions/promote.sql"))
        .bind::<Nullable<SqlUuid>, _>(document)
        .load(connection)
        .await?;
    Ok(promoted.into_iter().map(|changed| changed.id).collect())
}

/// Makes every scheduled version current whose time has come, and returns their documents.
pub async fn promote_due(database: &Database) -> Result<Vec<DocumentId>, DbError> {
    promote(&mut database.connection().await?, None).await
}

/// Moves the chunks of a version to a collection; searches do not find those of a negative one.
pub(super) async fn place(
    connection: &mut Connection,
    version: VersionId,
    collection: i32,
) -> Result<(), DbError> {
    let mut before = 0;
    loop {
        let mut moved = [0; 3];
        let statements = [
            include_str!("versions/place_chunks.sql"),
            include_str!("versions/place_embeddings.sql"),
            include_str!("versions/place_postings.sql"),
        ];
        for (moved, sql) in moved.iter_mut().zip(statements) {
            *moved = statement(sql)
                .bind::<SqlUuid, _>(version)
                .bind::<Integer, _>(collection)
                .bind::<BigInt, _>(before)
                .bind::<BigInt, _>(before + SLICE)
                .execute(connection)
                .await?;
        }
        let [chunks, ..] = moved;
        if chunks == 0 {
            return Ok(());
        }
        before += SLICE;
    }
}
