//! Documents by their ids alone.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::domain::ids::DocumentId;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    document_id: DocumentId,
}

/// Lists at most `limit` documents that a statement finds.
pub(super) async fn list_ids(
    database: &Database,
    sql: &'static str,
    limit: i64,
) -> Result<Vec<DocumentId>, DbError> {
    let rows: Vec<IdRow> = statement(sql)
        .bind::<BigInt, _>(limit)
        .load(&mut database.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| row.document_id).collect())
}
