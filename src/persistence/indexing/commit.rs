//! Stores the effects of a handled record and the offset after it, in one transaction.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::chunks::{IndexedVersion, SLICE, insert_chunks};
use super::conflicts;
use super::deadline::{LONGEST_CALL, longest_store};
use super::lexical::{insert_postings, lock_lexical};
use super::removal::{drop_chunks, drop_some_chunks};
use super::version::{Receipt, announce, mark};
use crate::domain::document::VersionStatus;
use crate::domain::governance::Finding;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::Outcome;
use crate::persistence::audit::audit;
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{chunks, document_versions};
use crate::persistence::statement::statement;
use crate::persistence::{leases, versions};

/// The reason why nothing was stored.
enum NotStored {
    /// The document was withdrawn or has a newer version.
    Superseded,
    Failed(DbError),
}

impl From<DbError> for NotStored {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

impl From<diesel::result::Error> for NotStored {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Stores chunks and postings, lets the version answer or wait for approval, and advances the
/// offset, in one transaction. A version that is no longer the newest is marked as superseded
/// instead.
pub async fn commit_indexed(
    database: &Database,
    receipt: &Receipt<'_>,
    new: &IndexedVersion<'_>,
) -> Result<Outcome, DbError> {
    match store(database, receipt, new).await {
        Ok(outcome) => Ok(outcome),
        Err(NotStored::Superseded) => {
            commit_unindexed(database, receipt, new.document_id, new.version_id, None).await
        }
        Err(NotStored::Failed(error)) => Err(error),
    }
}

async fn store(
    database: &Database,
    receipt: &Receipt<'_>,
    new: &IndexedVersion<'_>,
) -> Result<Outcome, NotStored> {
    let mut connection = database
        .connection_for(longest_store(new.chunks.len()))
        .await?;
    connection
        .transaction(async |connection| {
            let outcome = advance(connection, receipt).await?;
            if outcome == Outcome::Duplicate {
                return Ok(outcome);
            }
            drop_left_over(connection, new).await?;
            for (index, slice) in new.chunks.chunks(SLICE).enumerate() {
                insert_chunks(connection, new, slice, index * SLICE).await?;
            }
            lock_lexical(connection).await?;
            if !new.draft && !new.later {
                drop_chunks(connection, new.document_id, new.version_id).await?;
            }
            for before in (0..new.chunks.len()).step_by(SLICE) {
                insert_postings(connection, new, before).await?;
            }
            // Locks the document last, so that a withdrawal or the upload of the next version does
            // not wait for all of this.
            if lock_newest(connection, new.document_id).await? != Some(new.version_id) {
                return Err(NotStored::Superseded);
            }
            settle(connection, new).await?;
            Ok(outcome)
        })
        .await
}

/// Marks a version as failed, with a reason for people, and advances the offset.
pub async fn commit_failed(
    database: &Database,
    receipt: &Receipt<'_>,
    document: DocumentId,
    version: VersionId,
    reason: &str,
) -> Result<Outcome, DbError> {
    commit_unindexed(database, receipt, document, version, Some(reason)).await
}

/// Marks a version that is not indexed: as failed if there is a reason, otherwise as superseded,
/// without telling anybody. Advances the offset.
async fn commit_unindexed(
    database: &Database,
    receipt: &Receipt<'_>,
    document: DocumentId,
    version: VersionId,
    failed: Option<&str>,
) -> Result<Outcome, DbError> {
    let mut connection = database.connection_for(LONGEST_CALL).await?;
    connection
        .transaction(async |connection| {
            let outcome = advance(connection, receipt).await?;
            if outcome == Outcome::Duplicate {
                return Ok(outcome);
            }
            if failed.is_some() {
                mark(connection, version, VersionStatus::Failed, failed).await?;
                announce(connection, "document.failed", document, version).await?;
            } else {
                mark(connection, version, VersionStatus::Superseded, None).await?;
            }
            Ok(outcome)
        })
        .await
}

/// Advances past a record that needs no work.
pub async fn commit_nothing(
    database: &Database,
    receipt: &Receipt<'_>,
) -> Result<Outcome, DbError> {
    let mut connection = database.connection_for(LONGEST_CALL).await?;
    connection
        .transaction(async |connection| advance(connection, receipt).await)
        .await
}

async fn advance(connection: &mut Connection, receipt: &Receipt<'_>) -> Result<Outcome, DbError> {
    leases::commit_delivery(connection, receipt.fence, receipt.offset, receipt.event_id).await
}

#[derive(diesel::QueryableByName)]
struct NewestRow {
    #[diesel(sql_type = SqlUuid)]
    id: VersionId,
}

/// Locks the document and returns its newest version, if it is active. The statement is SQL text,
/// because diesel cannot lock one of two joined tables.
async fn lock_newest(
    connection: &mut Connection,
    document: DocumentId,
) -> Result<Option<VersionId>, DbError> {
    // If the statement had to wait and the document changed meanwhile, its row no longer matches
    // this version.
    let row: Option<NewestRow> = statement(include_str!("lock_newest.sql"))
        .bind::<SqlUuid, _>(document)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|row| row.id))
}

/// Stores what was read, and makes the version answer or wait for approval.
async fn settle(connection: &mut Connection, new: &IndexedVersion<'_>) -> Result<(), DbError> {
    let (document, version) = (new.document_id, new.version_id);
    statement(include_str!("store_text.sql"))
        .bind::<SqlUuid, _>(version)
        .bind::<Text, _>(new.text)
        .bind::<Array<Text>, _>(new.warnings)
        .bind::<Nullable<Text>, _>(new.about.title.as_deref())
        .bind::<Nullable<Text>, _>(new.about.stated.stated_version.as_deref())
        .bind::<Nullable<Text>, _>(new.about.stated.stated_date.as_deref())
        .bind::<Nullable<Text>, _>(new.about.stated.review_date.as_deref())
        .bind::<Nullable<Timestamptz>, _>(new.about.review_over)
        .bind::<Nullable<Text>, _>(new.language.code)
        .execute(connection)
        .await?;
    conflicts::insert(connection, version, new.conflicts).await?;
    if new.draft {
        statement(include_str!("wait_for_approval.sql"))
            .bind::<SqlUuid, _>(document)
            .bind::<SqlUuid, _>(version)
            .execute(connection)
            .await?;
        return announce(connection, "document.drafted", document, version).await;
    }
    versions::switch(connection, document, version, None).await?;
    announce(connection, "document.indexed", document, version).await
}

/// A version that answered before it was stopped may still have chunks.
async fn drop_left_over(
    connection: &mut Connection,
    new: &IndexedVersion<'_>,
) -> Result<(), DbError> {
    let left = chunks::table.filter(chunks::version_id.eq(new.version_id));
    if diesel::select(exists(left)).get_result(connection).await? {
        lock_lexical(connection).await?;
        while drop_some_chunks(connection, new.document_id).await? {}
    }
    Ok(())
}

/// A version that is not indexed because something was found in it.
pub struct SuspiciousVersion<'a> {
    pub document_id: DocumentId,
    pub version_id: VersionId,
    pub text: &'a str,
    /// The reason in words for people.
    pub reason: &'a str,
    pub findings: &'a [Finding],
}

/// Puts a version into quarantine and advances the offset. The version that answers is not touched.
pub async fn commit_quarantined(
    database: &Database,
    receipt: &Receipt<'_>,
    found: &SuspiciousVersion<'_>,
) -> Result<Outcome, DbError> {
    let (document, version) = (found.document_id, found.version_id);
    let mut connection = database.connection_for(LONGEST_CALL).await?;
    connection
        .transaction(async |connection| {
            let outcome = advance(connection, receipt).await?;
            if outcome == Outcome::Duplicate {
                return Ok(outcome);
            }
            let values = (
                document_versions::status.eq(VersionStatus::Quarantined),
                document_versions::reason.eq(found.reason),
                document_versions::text.eq(found.text),
                document_versions::findings.eq(json!(found.findings)),
            );
            // The document may have been deleted meanwhile.
            let kept = document_versions::table
                .find(version)
                .filter(document_versions::bytes.is_not_null());
            Prepared(diesel::update(kept).set(values))
                .execute(connection)
                .await?;
            announce(connection, "document.quarantined", document, version).await?;
            let details = json!({ "version_id": version, "findings": found.findings.len() });
            let action = "document.quarantined";
            audit(connection, versions::SYSTEM, action, document, details).await?;
            Ok(outcome)
        })
        .await
}
