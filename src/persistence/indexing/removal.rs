//! Removes chunks with everything derived from them.

use diesel::sql_types::{BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::chunks::{SLICE, ordinal};
use crate::domain::ids::{DocumentId, VersionId};
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Removes a document's chunks with their postings and statistics, except those of `keep`. The
/// caller holds the lock of the lexical tables.
pub(super) async fn drop_chunks(
    connection: &mut Connection,
    document: DocumentId,
    keep: VersionId,
) -> Result<(), DbError> {
    while drop_slice(connection, document, Some(keep)).await? == SLICE {}
    Ok(())
}

/// Removes some of a document's chunks that no search may return and nobody can approve; true if
/// there may be more. The caller holds the same lock, and that of the document if it must not change.
pub(in crate::persistence) async fn drop_some_chunks(
    connection: &mut Connection,
    document: DocumentId,
) -> Result<bool, DbError> {
    Ok(drop_slice(connection, document, None).await? == SLICE)
}

async fn drop_slice(
    connection: &mut Connection,
    document: DocumentId,
    keep: Option<VersionId>,
) -> Result<usize, DbError> {
    let dropped = statement(include_str!("drop_slice.sql"))
        .bind::<SqlUuid, _>(document)
        .bind::<Nullable<SqlUuid>, _>(keep)
        .bind::<BigInt, _>(ordinal(SLICE))
        .execute(connection)
        .await?;
    Ok(dropped)
}
