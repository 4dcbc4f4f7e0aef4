//! Documents in the form that content owners see.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::governance::{self, Governed};
use crate::domain::document::{DocumentStatus, DocumentView, Stated, VersionStatus};
use crate::domain::ids::{DocumentId, VersionId};
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::functions::{coalesce, from_now};
use crate::persistence::schema::{chunks, collections, document_versions, documents};

const DAY: Duration = Duration::from_hours(24);

#[derive(Queryable)]
struct ViewRow {
    id: DocumentId,
    collection: String,
    external_id: String,
    title: String,
    stated_version: Option<String>,
    stated_date: Option<String>,
    review_date: Option<String>,
    status: DocumentStatus,
    media_type: String,
    version: i32,
    version_id: VersionId,
    version_status: VersionStatus,
    reason: Option<String>,
    warnings: Vec<String>,
    sha256: Vec<u8>,
    size_bytes: i64,
    chunks: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    source: Option<String>,
    source_validator: Option<String>,
}

impl ViewRow {
    fn view(self, governed: Governed) -> DocumentView {
        let row = self;
        DocumentView {
            id: row.id,
            collection: row.collection,
            external_id: row.external_id,
            title: row.title,
            stated: Stated {
                stated_version: row.stated_version,
                stated_date: row.stated_date,
                review_date: row.review_date,
            },
            status: row.status,
            media_type: row.media_type,
            version: row.version,
            version_id: row.version_id,
            version_status: row.version_status,
            reason: row.reason,
            warnings: row.warnings,
            current_version: governed.current_version,
            sha256: hex::encode(row.sha256),
            size_bytes: row.size_bytes,
            chunks: row.chunks.unwrap_or(0),
            created_at: row.created_at,
            updated_at: row.updated_at,
            source: row.source,
            source_validator: row.source_validator,
            governance: governed.governance,
        }
    }
}

/// Returns a document that was not deleted, without its conflicts.
pub async fn find(
    database: &Database,
    collection: &str,
    external_id: &str,
) -> Result<Option<DocumentView>, DbError> {
    let found = load(database, &Which::One(collection, external_id)).await?;
    Ok(found.into_iter().next())
}

/// The documents to list.
pub struct ListFilter<'a> {
    /// `None` means every collection.
    pub collections: Option<&'a [String]>,
    pub status: Option<VersionStatus>,
    /// Only documents whose answering version should be reviewed, or expires, within this many days.
    pub due_within_days: Option<u32>,
    /// The document after which the list continues.
    pub after: Option<DocumentId>,
    pub limit: i64,
}

/// Lists documents in the order of their ids.
pub async fn list(
    database: &Database,
    filter: &ListFilter<'_>,
) -> Result<Vec<DocumentView>, DbError> {
    load(database, &Which::Some(filter)).await
}

enum Which<'a> {
    /// The document with this collection and external id.
    One(&'a str, &'a str),
    Some(&'a ListFilter<'a>),
}

/// Counts the chunks of the document's current version.
#[diesel::dsl::auto_type]
fn chunk_count() -> _ {
    chunks::table
        .filter(
            chunks::version_id
                .nullable()
                .eq(documents::current_version_id),
        )
        .count()
}

#[diesel::dsl::auto_type]
fn is_newest() -> _ {
    document_versions::document_id
        .eq(documents::id)
        .and(document_versions::version.eq(documents::latest_version))
}

#[expect(
    clippy::too_many_lines,
    reason = "one statement with optional conditions"
)]
async fn load(database: &Database, which: &Which<'_>) -> Result<Vec<DocumentView>, DbError> {
    let own = document_versions::stated_title;
    let shown_title = coalesce(own, document_versions::title.nullable()).assume_not_null();
    let mut query = documents::table
        .inner_join(collections::table)
        .inner_join(document_versions::table.on(is_newest()))
        .select((
            documents::id,
            collections::name,
            documents::external_id,
            shown_title,
            document_versions::stated_version,
            document_versions::stated_date,
            document_versions::stated_review,
            documents::status,
            document_versions::media_type,
            document_versions::version,
            document_versions::id,
            document_versions::status,
            document_versions::reason,
            document_versions::warnings,
            document_versions::sha256,
            document_versions::size_bytes,
            chunk_count().single_value(),
            documents::created_at,
            documents::updated_at,
            documents::source,
            documents::source_validator,
        ))
        .filter(documents::status.ne(DocumentStatus::Deleted))
        .into_boxed::<Pg>();
    match *which {
        Which::One(collection, external_id) => {
            query = query
                .filter(collections::name.eq(collection))
                .filter(documents::external_id.eq(external_id));
        }
        Which::Some(filter) => {
            if let Some(names) = filter.collections {
                query = query.filter(collections::name.eq_any(names));
            }
            if let Some(status) = filter.status {
                query = query.filter(document_versions::status.eq(status));
            }
            if let Some(days) = filter.due_within_days {
                let answering = diesel::alias!(document_versions as answering);
                let day = || from_now(DAY * days).nullable();
                let id = answering.field(document_versions::id).nullable();
                let review_by = answering.field(document_versions::review_by);
                let stated = answering.field(document_versions::stated_review_over);
                let is_due = review_by
                    .le(day())
                    .or(stated.le(day()))
                    .or(documents::expires_at.le(day()));
                let answers = id.eq(documents::current_version_id);
                let due = answering.filter(answers).filter(is_due);
                query = query.filter(exists(due));
            }
            if let Some(after) = filter.after {
                query = query.filter(documents::id.gt(after));
            }
            query = query.order(documents::id).limit(filter.limit);
        }
    }
    let mut connection = database.connection().await?;
    let rows: Vec<ViewRow> = query.load(&mut connection).await?;
    govern(&mut connection, rows).await
}

async fn govern(
    connection: &mut Connection,
    rows: Vec<ViewRow>,
) -> Result<Vec<DocumentView>, DbError> {
    let ids: Vec<DocumentId> = rows.iter().map(|row| row.id).collect();
    let mut governed = governance::load(connection, &ids).await?;
    // A document that was deleted between the two statements is left out.
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let governed = governed.remove(&row.id)?;
            Some(row.view(governed))
        })
        .collect())
}
