//! Uploads.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use crate::domain::document::{DocumentStatus, VersionStatus};
use crate::domain::governance::Responsibility;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::topics;
use crate::persistence::audit::audit;
use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::prepared::Prepared;
use crate::persistence::schema::{collections, document_versions, documents};
use crate::persistence::statement::statement;
use crate::persistence::{locks, outbox};

/// A validated upload.
pub struct NewVersion<'a> {
    pub document_id: DocumentId,
    pub version_id: VersionId,
    pub collection: &'a str,
    pub external_id: &'a str,
    pub title: &'a str,
    pub media_type: &'a str,
    pub bytes: &'a [u8],
    pub sha256: &'a [u8],
    pub responsibility: &'a Responsibility,
    /// The document that stops answering when this version starts.
    pub supersedes: Option<DocumentId>,
    pub origin: Option<Origin<'a>>,
    pub actor: &'a str,
}

/// Where an upload was read.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The address, for example that of a web page.
    pub source: &'a str,
    /// The `ETag` or the `Last-Modified` that the bytes had there.
    pub validator: Option<&'a str>,
}

/// The effect of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The bytes and everything said about them are already stored, so there is nothing to do.
    Unchanged,
    /// A new version waits for a worker.
    Received,
}

/// A document and its newest version.
#[derive(QueryableByName)]
#[diesel(table_name = document_versions)]
struct Existing {
    #[diesel(embed)]
    document: ExistingDocument,
    sha256: Vec<u8>,
    title: String,
    media_type: String,
    #[diesel(sql_type = Text)]
    version_status: VersionStatus,
    owner: Option<String>,
    jurisdiction: Option<String>,
    audience: Option<String>,
    effective_from: Option<DateTime<Utc>>,
    review_by: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    supersedes: Option<DocumentId>,
}

#[derive(QueryableByName)]
#[diesel(table_name = documents)]
struct ExistingDocument {
    id: DocumentId,
    status: DocumentStatus,
    latest_version: i32,
}

impl Existing {
    fn same_as(&self, new: &NewVersion<'_>) -> bool {
        let said = new.responsibility;
        self.document.status == DocumentStatus::Active
            && self.version_status != VersionStatus::Failed
            && self.sha256 == new.sha256
            && self.title == new.title
            && self.media_type == new.media_type
            && self.owner == said.owner
            && self.jurisdiction == said.jurisdiction
            && self.audience == said.audience
            && self.effective_from == said.effective_from
            && self.review_by == said.review_by
            && self.expires_at == said.expires_at
            && self.supersedes == new.supersedes
    }
}

/// Stores the upload and its outbox row in one transaction. The same bytes again do no work.
pub async fn put(database: &Database, new: &NewVersion<'_>) -> Result<Put, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let collection = upsert_collection(connection, new.collection).await?;
            // Serialises uploads of one document, including the first.
            let path = format!("{}/{}", new.collection, new.external_id);
            locks::lock_one(connection, &path).await?;
            let existing = find_latest(connection, collection, new.external_id).await?;
            if let Some(existing) = existing.as_ref().filter(|e| e.same_as(new)) {
                if let Some(origin) = new.origin {
                    set_origin(connection, existing.document.id, origin).await?;
                }
                return Ok(Put::Unchanged);
            }
            let existing = existing.map(|existing| existing.document);
            let document = upsert_document(connection, collection, existing.as_ref(), new).await?;
            insert_version(connection, document, existing.as_ref(), new).await?;
            outbox::insert(
                connection,
                topics::DOCUMENT_COMMANDS,
                "document.received",
                &document.to_string(),
                json!({ "document_id": document, "version_id": new.version_id }),
            )
            .await?;
            let details = json!({ "version_id": new.version_id });
            audit(connection, new.actor, "document.put", document, details).await?;
            Ok(Put::Received)
        })
        .await
}

async fn upsert_collection(connection: &mut Connection, name: &str) -> Result<i32, DbError> {
    // The document nearly always exists, and an insert with a conflict would still write.
    loop {
        let found = collections::table
            .filter(collections::name.eq(name))
            .select(collections::id)
            .get_result(connection)
            .await
            .optional()?;
        if let Some(id) = found {
            return Ok(id);
        }
        diesel::insert_into(collections::table)
            .values(collections::name.eq(name))
            .on_conflict(collections::name)
            .do_nothing()
            .execute(connection)
            .await?;
    }
}

/// Locks the document. The statement is SQL text, because diesel cannot lock one of two joined
/// tables.
async fn find_latest(
    connection: &mut Connection,
    collection: i32,
    external_id: &str,
) -> Result<Option<Existing>, DbError> {
    Ok(statement(include_str!("lock_latest.sql"))
        .bind::<Integer, _>(collection)
        .bind::<Text, _>(external_id)
        .get_result(connection)
        .await
        .optional()?)
}

async fn upsert_document(
    connection: &mut Connection,
    collection: i32,
    existing: Option<&ExistingDocument>,
    new: &NewVersion<'_>,
) -> Result<DocumentId, DbError> {
    let id = existing.map_or(new.document_id, |existing| existing.id);
    let source = new.origin.map(|origin| origin.source);
    let validator = new.origin.and_then(|origin| origin.validator);
    Prepared(
        diesel::insert_into(documents::table)
            .values((
                documents::id.eq(id),
                documents::collection_id.eq(collection),
                documents::external_id.eq(new.external_id),
                documents::status.eq(DocumentStatus::Active),
                documents::latest_version.eq(1),
                documents::source.eq(source),
                documents::source_validator.eq(validator),
            ))
            .on_conflict((documents::collection_id, documents::external_id))
            .do_update()
            .set((
                documents::status.eq(DocumentStatus::Active),
                documents::latest_version.eq(documents::latest_version + 1),
                documents::updated_at.eq(now),
                documents::source.eq(source),
                documents::source_validator.eq(validator),
            )),
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// The same bytes may have a new `ETag`.
async fn set_origin(
    connection: &mut Connection,
    document: DocumentId,
    origin: Origin<'_>,
) -> Result<(), DbError> {
    let other = documents::source
        .is_distinct_from(origin.source)
        .or(documents::source_validator.is_distinct_from(origin.validator));
    let changed = documents::table
        .filter(documents::id.eq(document))
        .filter(other);
    Prepared(diesel::update(changed).set((
        documents::source.eq(origin.source),
        documents::source_validator.eq(origin.validator),
    )))
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = document_versions, treat_none_as_default_value = false)]
struct VersionRow<'a> {
    id: VersionId,
    document_id: DocumentId,
    version: i32,
    title: &'a str,
    media_type: &'a str,
    sha256: &'a [u8],
    size_bytes: i64,
    bytes: &'a [u8],
    uploaded_by: &'a str,
    owner: Option<String>,
    jurisdiction: Option<String>,
    audience: Option<String>,
    effective_from: Option<DateTime<Utc>>,
    review_by: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    supersedes: Option<DocumentId>,
}

async fn insert_version(
    connection: &mut Connection,
    document: DocumentId,
    existing: Option<&ExistingDocument>,
    new: &NewVersion<'_>,
) -> Result<(), DbError> {
    let said = new.responsibility;
    let row = VersionRow {
        id: new.version_id,
        document_id: document,
        version: existing.map_or(1, |existing| existing.latest_version + 1),
        title: new.title,
        media_type: new.media_type,
        sha256: new.sha256,
        size_bytes: i64::try_from(new.bytes.len()).unwrap_or(i64::MAX),
        bytes: new.bytes,
        uploaded_by: new.actor,
        owner: said.owner.clone(),
        jurisdiction: said.jurisdiction.clone(),
        audience: said.audience.clone(),
        effective_from: said.effective_from,
        review_by: said.review_by,
        expires_at: said.expires_at,
        supersedes: new.supersedes,
    };
    diesel::insert_into(document_versions::table)
        .values((row, document_versions::status.eq(VersionStatus::Received)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the id of a document that was not deleted.
pub async fn find_id(
    database: &Database,
    collection: &str,
    external_id: &str,
) -> Result<Option<DocumentId>, DbError> {
    Ok(documents::table
        .inner_join(collections::table)
        .filter(collections::name.eq(collection))
        .filter(documents::external_id.eq(external_id))
        .filter(documents::status.ne(DocumentStatus::Deleted))
        .select(documents::id)
        .get_result(&mut database.connection().await?)
        .await
        .optional()?)
}
