//! The conflicts that were found before a version was stored.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::ids::VersionId;
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::schema::document_conflicts;

/// A conflict of a new version with one that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConflict {
    /// Character offsets into the new version's text.
    pub start: i32,
    pub end: i32,
    pub quantities: Vec<String>,
    pub other: VersionId,
    pub other_start: i32,
    pub other_end: i32,
    pub other_quantities: Vec<String>,
    pub similarity: f32,
}

/// Stores the conflicts of a version in place of those that were found before.
pub(super) async fn insert(
    connection: &mut Connection,
    version: VersionId,
    found: &[NewConflict],
) -> Result<(), DbError> {
    if found.is_empty() {
        return Ok(());
    }
    diesel::delete(document_conflicts::table.filter(document_conflicts::version_id.eq(version)))
        .execute(connection)
        .await?;
    for conflict in found {
        diesel::insert_into(document_conflicts::table)
            .values((
                document_conflicts::version_id.eq(version),
                document_conflicts::other_version_id.eq(conflict.other),
                document_conflicts::start_offset.eq(conflict.start),
                document_conflicts::end_offset.eq(conflict.end),
                document_conflicts::other_start_offset.eq(conflict.other_start),
                document_conflicts::other_end_offset.eq(conflict.other_end),
                document_conflicts::quantities.eq(&conflict.quantities),
                document_conflicts::other_quantities.eq(&conflict.other_quantities),
                document_conflicts::similarity.eq(conflict.similarity),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}
