//! Documents and their versions: upload, status, withdrawal, deletion, impact.

mod impact;
mod retire;

use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel::sql_types::{
    Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

pub use impact::{ImpactRow, find_collection, list_impact};
pub use retire::{list_retired, remove_chunks, retire};

use super::connection::Connection;
use super::database::Database;
use super::error::DbError;
use super::outbox;
use super::statement::statement;
use crate::domain::document::{DocumentStatus, DocumentView, VersionStatus};
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::messaging::topics;

/// An upload, validated.
pub struct NewVersion<'a> {
    pub document_id: DocumentId,
    pub version_id: VersionId,
    pub collection: &'a str,
    pub external_id: &'a str,
    pub title: &'a str,
    pub media_type: &'a str,
    pub bytes: &'a [u8],
    pub sha256: &'a [u8],
    pub expires_at: Option<DateTime<Utc>>,
    pub actor: &'a str,
}

/// What an upload changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The bytes, their type, title and expiry are those already stored: no work.
    Unchanged,
    /// A new version waits for a worker.
    Received,
}

#[derive(diesel::QueryableByName)]
struct Existing {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Integer)]
    latest_version: i32,
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    media_type: String,
    #[diesel(sql_type = Text)]
    version_status: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
}

impl Existing {
    fn same_as(&self, new: &NewVersion<'_>) -> bool {
        self.status == DocumentStatus::Active.as_str()
            && self.version_status != VersionStatus::Failed.as_str()
            && self.sha256 == new.sha256
            && self.title == new.title
            && self.media_type == new.media_type
            && self.expires_at == new.expires_at
    }
}

/// Stores the upload and its outbox row in one transaction. Same bytes again is no work.
pub async fn put(database: &Database, new: &NewVersion<'_>) -> Result<Put, DbError> {
    let mut connection = database.connection().await?;
    connection
        .transaction(async |connection| {
            let collection = upsert_collection(connection, new.collection).await?;
            // Serialises two uploads of one document, the first included.
            statement(
                "SELECT pg_advisory_xact_lock(
                     hashtextextended(current_schema() || '/' || $1 || '/' || $2, 0))",
            )
            .bind::<Text, _>(new.collection)
            .bind::<Text, _>(new.external_id)
            .execute(connection)
            .await?;
            let existing = find_latest(connection, collection, new.external_id).await?;
            if existing.as_ref().is_some_and(|e| e.same_as(new)) {
                return Ok(Put::Unchanged);
            }
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
            audit(connection, new.actor, "document.put", document).await?;
            Ok(Put::Received)
        })
        .await
}

async fn upsert_collection(connection: &mut Connection, name: &str) -> Result<i32, DbError> {
    // Nearly always it is there; an insert that finds a conflict would still write.
    loop {
        let row: Option<IdRow> = statement("SELECT id FROM collections WHERE name = $1")
            .bind::<Text, _>(name)
            .get_result(connection)
            .await
            .optional()?;
        if let Some(row) = row {
            return Ok(row.id);
        }
        statement("INSERT INTO collections (name) VALUES ($1) ON CONFLICT (name) DO NOTHING")
            .bind::<Text, _>(name)
            .execute(connection)
            .await?;
    }
}

#[derive(diesel::QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Integer)]
    id: i32,
}

async fn find_latest(
    connection: &mut Connection,
    collection: i32,
    external_id: &str,
) -> Result<Option<Existing>, DbError> {
    Ok(statement(
        "SELECT d.id, d.status, d.latest_version, v.sha256, v.title, v.media_type,
                v.status AS version_status, d.expires_at
         FROM documents d
         JOIN document_versions v ON v.document_id = d.id AND v.version = d.latest_version
         WHERE d.collection_id = $1 AND d.external_id = $2 FOR UPDATE OF d",
    )
    .bind::<Integer, _>(collection)
    .bind::<Text, _>(external_id)
    .get_result(connection)
    .await
    .optional()?)
}

async fn upsert_document(
    connection: &mut Connection,
    collection: i32,
    existing: Option<&Existing>,
    new: &NewVersion<'_>,
) -> Result<Uuid, DbError> {
    let id = existing.map_or(new.document_id.0, |e| e.id);
    statement(
        "INSERT INTO documents (id, collection_id, external_id, status, latest_version, expires_at)
         VALUES ($1, $2, $3, 'active', 1, $4)
         ON CONFLICT (collection_id, external_id) DO UPDATE
         SET status = 'active', latest_version = documents.latest_version + 1,
             expires_at = excluded.expires_at, updated_at = now()",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(collection)
    .bind::<Text, _>(new.external_id)
    .bind::<Nullable<Timestamptz>, _>(new.expires_at)
    .execute(connection)
    .await?;
    Ok(id)
}

async fn insert_version(
    connection: &mut Connection,
    document: Uuid,
    existing: Option<&Existing>,
    new: &NewVersion<'_>,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO document_versions
             (id, document_id, version, title, media_type, sha256, size_bytes, bytes, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'received')",
    )
    .bind::<SqlUuid, _>(new.version_id.0)
    .bind::<SqlUuid, _>(document)
    .bind::<Integer, _>(existing.map_or(1, |e| e.latest_version + 1))
    .bind::<Text, _>(new.title)
    .bind::<Text, _>(new.media_type)
    .bind::<Binary, _>(new.sha256)
    .bind::<BigInt, _>(i64::try_from(new.bytes.len()).unwrap_or(i64::MAX))
    .bind::<Binary, _>(new.bytes)
    .execute(connection)
    .await?;
    Ok(())
}

async fn audit(
    connection: &mut Connection,
    actor: &str,
    action: &str,
    document: Uuid,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO audit_log (actor, action, subject_type, subject_id)
         VALUES ($1, $2, 'document', $3)",
    )
    .bind::<Text, _>(actor)
    .bind::<Text, _>(action)
    .bind::<Text, _>(document.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct ViewRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    collection: String,
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    media_type: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = SqlUuid)]
    version_id: Uuid,
    #[diesel(sql_type = Text)]
    version_status: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    warnings: Vec<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    current_version: Option<i32>,
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    size_bytes: i64,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<ViewRow> for DocumentView {
    fn from(row: ViewRow) -> Self {
        Self {
            id: row.id.into(),
            collection: row.collection,
            external_id: row.external_id,
            title: row.title,
            status: DocumentStatus::parse(&row.status).unwrap_or(DocumentStatus::Deleted),
            media_type: row.media_type,
            version: row.version,
            version_id: row.version_id.into(),
            version_status: VersionStatus::parse(&row.version_status)
                .unwrap_or(VersionStatus::Failed),
            reason: row.reason,
            warnings: row.warnings,
            current_version: row.current_version,
            sha256: hex::encode(row.sha256),
            size_bytes: row.size_bytes,
            chunks: row.chunks,
            expires_at: row.expires_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

const VIEW: &str = "SELECT d.id, c.name AS collection, d.external_id, v.title, d.status,
        v.media_type, v.version, v.id AS version_id, v.status AS version_status, v.reason,
        v.warnings,
        cur.version AS current_version, v.sha256, v.size_bytes,
        (SELECT count(*) FROM chunks k WHERE k.version_id = d.current_version_id) AS chunks,
        d.expires_at, d.created_at, d.updated_at
     FROM documents d
     JOIN collections c ON c.id = d.collection_id
     JOIN document_versions v ON v.document_id = d.id AND v.version = d.latest_version
     LEFT JOIN document_versions cur ON cur.id = d.current_version_id";

/// A document that was not deleted.
pub async fn find(
    database: &Database,
    collection: &str,
    external_id: &str,
) -> Result<Option<DocumentView>, DbError> {
    let row: Option<ViewRow> = statement(format!(
        "{VIEW} WHERE c.name = $1 AND d.external_id = $2 AND d.status <> 'deleted'"
    ))
    .bind::<Text, _>(collection)
    .bind::<Text, _>(external_id)
    .get_result(&mut database.connection().await?)
    .await
    .optional()?;
    Ok(row.map(Into::into))
}

/// Which documents to list.
pub struct ListFilter<'a> {
    /// `None` means every collection.
    pub collections: Option<&'a [String]>,
    pub status: Option<VersionStatus>,
    /// Continue after this document.
    pub after: Option<DocumentId>,
    pub limit: i64,
}

/// Documents in order of their ids.
pub async fn list(
    database: &Database,
    filter: &ListFilter<'_>,
) -> Result<Vec<DocumentView>, DbError> {
    let rows: Vec<ViewRow> = statement(format!(
        "{VIEW} WHERE d.status <> 'deleted' AND ($1 IS NULL OR c.name = ANY($1))
         AND ($2 IS NULL OR v.status = $2) AND ($3 IS NULL OR d.id > $3)
         ORDER BY d.id LIMIT $4"
    ))
    .bind::<Nullable<Array<Text>>, _>(filter.collections)
    .bind::<Nullable<Text>, _>(filter.status.map(VersionStatus::as_str))
    .bind::<Nullable<SqlUuid>, _>(filter.after.map(|id| id.0))
    .bind::<BigInt, _>(filter.limit)
    .load(&mut database.connection().await?)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

#[derive(diesel::QueryableByName)]
struct UuidRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}
