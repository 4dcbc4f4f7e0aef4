//! Chunks that go, with everything that was derived from them.

use diesel::sql_types::{BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{SLICE, ordinal};
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

/// Removes a document's chunks with their postings and statistics, all but those of `keep`. Under
/// the lock of the lexical tables.
pub(super) async fn drop_chunks(
    connection: &mut Connection,
    document: Uuid,
    keep: Uuid,
) -> Result<(), DbError> {
    while drop_slice(connection, document, Some(keep)).await? == SLICE {}
    Ok(())
}

/// Removes some of a document's chunks; true if there may be more. Under the same lock.
pub(in crate::persistence) async fn drop_some_chunks(
    connection: &mut Connection,
    document: Uuid,
) -> Result<bool, DbError> {
    Ok(drop_slice(connection, document, None).await? == SLICE)
}

async fn drop_slice(
    connection: &mut Connection,
    document: Uuid,
    keep: Option<Uuid>,
) -> Result<usize, DbError> {
    let dropped = statement(
        "WITH gone AS MATERIALIZED (
             SELECT id, lexical_length FROM chunks
             WHERE document_id = $1 AND ($2 IS NULL OR version_id <> $2) LIMIT $3
         ), postings AS (
             DELETE FROM lexical_postings p USING gone WHERE p.chunk_id = gone.id
             RETURNING p.term_id
         ), terms AS (
             UPDATE lexical_terms t SET df = t.df - n
             FROM (SELECT term_id, count(*) AS n FROM postings GROUP BY term_id) c
             WHERE t.id = c.term_id
         ), stats AS (
             UPDATE lexical_stats SET chunks = chunks - (SELECT count(*) FROM gone),
                 total_length = total_length - (SELECT coalesce(sum(lexical_length), 0) FROM gone)
             WHERE EXISTS (SELECT FROM gone)
         )
         DELETE FROM chunks USING gone WHERE chunks.id = gone.id",
    )
    .bind::<SqlUuid, _>(document)
    .bind::<Nullable<SqlUuid>, _>(keep)
    .bind::<BigInt, _>(ordinal(SLICE))
    .execute(connection)
    .await?;
    Ok(dropped)
}
