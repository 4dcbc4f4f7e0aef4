//! Decisions about a version: approve it, take the approval back, stop it, release it.
//!
//! Each takes effect before its function returns, is written to the audit log, and is announced.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use crate::domain::document::{DocumentStatus, VersionStatus};
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::topics;
use crate::persistence::audit::audit;
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{document_versions, documents};
use crate::persistence::statement::statement;
use crate::persistence::{outbox, versions};

/// Longer than the longest document takes to move into the index.
const LONGEST_CALL: Duration = Duration::from_mins(2);

/// The person who decides, and the version.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    pub collection: &'a str,
    pub external_id: &'a str,
    pub version: i32,
    pub actor: &'a str,
    /// Whether the uploader may decide too.
    pub own_uploads: bool,
}

/// The effect of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    Done(DocumentId),
    /// The version was in this state before.
    Unchanged,
    /// Nothing was changed.
    Hindered(Hindrance),
}

/// The reason why a decision is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The uploader must not decide.
    OwnUpload,
    /// The document is withdrawn.
    Withdrawn,
    /// The version is in another state than the decision needs.
    Status(VersionStatus),
    /// This version is newer.
    Newer(i32),
}

#[derive(QueryableByName)]
#[diesel(table_name = documents)]
struct Locked {
    id: DocumentId,
    status: DocumentStatus,
    collection_id: i32,
    latest_version: i32,
    current_version_id: Option<VersionId>,
    scheduled_version_id: Option<VersionId>,
    #[diesel(embed)]
    version: LockedVersion,
}

#[derive(QueryableByName)]
#[diesel(table_name = document_versions)]
struct LockedVersion {
    #[diesel(sql_type = SqlUuid)]
    version_id: VersionId,
    #[diesel(sql_type = Text)]
    version_status: VersionStatus,
    uploaded_by: Option<String>,
}

impl Locked {
    fn is_in_force(&self) -> bool {
        let version = Some(self.version.version_id);
        self.current_version_id == version || self.scheduled_version_id == version
    }

    /// The second person's decision needs a version in this state of a document that is not
    /// withdrawn.
    fn hindrance(&self, decision: &Decision<'_>, needed: VersionStatus) -> Option<Hindrance> {
        let uploader = self.version.uploaded_by.as_deref();
        if self.status != DocumentStatus::Active {
            return Some(Hindrance::Withdrawn);
        }
        if self.version.version_status != needed {
            return Some(Hindrance::Status(self.version.version_status));
        }
        let own = uploader == Some(decision.actor) && !decision.own_uploads;
        own.then_some(Hindrance::OwnUpload)
    }
}

/// Lets a draft answer, from its effective time on, instead of the versions before it. `None` if
/// there is no such version.
pub async fn approve(
    database: &Database,
    decision: &Decision<'_>,
) -> Result<Option<Decided>, DbError> {
    let mut connection = database.connection_for(LONGEST_CALL).await?;
    connection
        .transaction(async |connection| {
            let Some(locked) = lock(connection, decision).await? else {
                return Ok(None);
            };
            if locked.is_in_force() {
                return Ok(Some(Decided::Unchanged));
            }
            if let Some(hindrance) = locked.hindrance(decision, VersionStatus::Draft) {
                return Ok(Some(Decided::Hindered(hindrance)));
            }
            let version = locked.version.version_id;
            versions::place(connection, version, locked.collection_id).await?;
            versions::switch(connection, locked.id, version, Some(decision.actor)).await?;
            tell(connection, decision, &locked, "approved").await?;
            Ok(Some(Decided::Done(locked.id)))
        })
        .await
}

/// Takes the approval of a version back. It is a draft again and answers nothing; no other version
/// takes its place.
pub async fn revoke(
    database: &Database,
    decision: &Decision<'_>,
) -> Result<Option<Decided>, DbError> {
    let mut connection = database.connection_for(LONGEST_CALL).await?;
    connection
        .transaction(async |connection| {
            let Some(locked) = lock(connection, decision).await? else {
                return Ok(None);
            };
            let version = &locked.version;
            if version.version_status == VersionStatus::Draft {
                return Ok(Some(Decided::Unchanged));
            }
            if !locked.is_in_force() {
                let hindrance = match locked.status {
                    DocumentStatus::Active => Hindrance::Status(version.version_status),
                    DocumentStatus::Withdrawn | DocumentStatus::Deleted => Hindrance::Withdrawn,
                };
                return Ok(Some(Decided::Hindered(hindrance)));
            }
            stop(connection, &locked, VersionStatus::Draft, None).await?;
            versions::place(connection, version.version_id, -locked.collection_id).await?;
            tell(connection, decision, &locked, "approval_revoked").await?;
            Ok(Some(Decided::Done(locked.id)))
        })
        .await
}

/// Stops a version at once, with a reason for people. Answers that cite it are shown like those that
/// cite a withdrawn document. The caller has its chunks removed later.
pub async fn quarantine(
    database: &Database,
    decision: &Decision<'_>,
    reason: &str,
) -> Result<Option<Decided>, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let Some(locked) = lock(connection, decision).await? else {
                return Ok(None);
            };
            match locked.version.version_status {
                VersionStatus::Draft | VersionStatus::Indexed | VersionStatus::Superseded => {}
                VersionStatus::Quarantined => return Ok(Some(Decided::Unchanged)),
                status @ (VersionStatus::Received | VersionStatus::Failed) => {
                    return Ok(Some(Decided::Hindered(Hindrance::Status(status))));
                }
            }
            stop(
                connection,
                &locked,
                VersionStatus::Quarantined,
                Some(reason),
            )
            .await?;
            tell(connection, decision, &locked, "quarantined").await?;
            Ok(Some(Decided::Done(locked.id)))
        })
        .await
}

/// Releases a version from quarantine: a worker indexes it without inspecting it again. It then
/// needs approval like any other.
pub async fn release(
    database: &Database,
    decision: &Decision<'_>,
) -> Result<Option<Decided>, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let Some(locked) = lock(connection, decision).await? else {
                return Ok(None);
            };
            if let Some(hindrance) = locked.hindrance(decision, VersionStatus::Quarantined) {
                return Ok(Some(Decided::Hindered(hindrance)));
            }
            if locked.latest_version > decision.version {
                let hindrance = Hindrance::Newer(locked.latest_version);
                return Ok(Some(Decided::Hindered(hindrance)));
            }
            let version = locked.version.version_id;
            let released = (
                document_versions::status.eq(VersionStatus::Received),
                document_versions::reason.eq(None::<&str>),
                document_versions::released_by.eq(decision.actor),
            );
            Prepared(diesel::update(document_versions::table.find(version)).set(released))
                .execute(connection)
                .await?;
            outbox::insert(
                connection,
                topics::DOCUMENT_COMMANDS,
                "document.received",
                &locked.id.to_string(),
                json!({ "document_id": locked.id, "version_id": version }),
            )
            .await?;
            tell(connection, decision, &locked, "released").await?;
            Ok(Some(Decided::Done(locked.id)))
        })
        .await
}

/// Locks the document, and makes a scheduled version current if its time has come.
async fn lock(
    connection: &mut Connection,
    decision: &Decision<'_>,
) -> Result<Option<Locked>, DbError> {
    let find = async |connection: &mut Connection| -> Result<Option<Locked>, DbError> {
        Ok(statement(include_str!("lock_version.sql"))
            .bind::<Text, _>(decision.collection)
            .bind::<Text, _>(decision.external_id)
            .bind::<Integer, _>(decision.version)
            .get_result(connection)
            .await
            .optional()?)
    };
    let Some(locked) = find(connection).await? else {
        return Ok(None);
    };
    if versions::promote(connection, Some(locked.id))
        .await?
        .is_empty()
    {
        return Ok(Some(locked));
    }
    find(connection).await
}

/// Takes a version out of force, into this state.
async fn stop(
    connection: &mut Connection,
    locked: &Locked,
    status: VersionStatus,
    reason: Option<&str>,
) -> Result<(), DbError> {
    statement(include_str!("stop.sql"))
        .bind::<SqlUuid, _>(locked.id)
        .bind::<SqlUuid, _>(locked.version.version_id)
        .bind::<Text, _>(status)
        .bind::<diesel::sql_types::Nullable<Text>, _>(reason)
        .execute(connection)
        .await?;
    Ok(())
}

/// Announces the decision and writes it to the audit log.
async fn tell(
    connection: &mut Connection,
    decision: &Decision<'_>,
    locked: &Locked,
    decided: &str,
) -> Result<(), DbError> {
    let kind = format!("document.{decided}");
    let version = locked.version.version_id;
    outbox::insert(
        connection,
        topics::DOCUMENT_EVENTS,
        &kind,
        &locked.id.to_string(),
        json!({ "document_id": locked.id, "version_id": version }),
    )
    .await?;
    let details = json!({ "version": decision.version, "version_id": version });
    audit(connection, decision.actor, &kind, locked.id, details).await
}
