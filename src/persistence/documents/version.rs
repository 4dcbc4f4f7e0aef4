//! One version with its text, for the person who decides about it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::governance::findings;
use crate::domain::document::{Stated, VersionStatus, VersionView};
use crate::domain::governance::Responsibility;
use crate::domain::ids::{DocumentId, VersionId};
use crate::persistence::database::Database;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = SqlUuid)]
    document_id: DocumentId,
    #[diesel(sql_type = SqlUuid)]
    version_id: VersionId,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    version_status: VersionStatus,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Text>)]
    stated_version: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stated_date: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stated_review: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    uploaded_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    owner: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    jurisdiction: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    audience: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    effective_from: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    review_by: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    approved_by: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    approved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    released_by: Option<String>,
    #[diesel(sql_type = Jsonb)]
    findings: serde_json::Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

/// Returns a version of a document that was not deleted, with its text.
pub async fn find_version(
    database: &Database,
    collection: &str,
    external_id: &str,
    version: i32,
) -> Result<Option<VersionView>, DbError> {
    let row: Option<VersionRow> = statement(include_str!("version.sql"))
        .bind::<Text, _>(collection)
        .bind::<Text, _>(external_id)
        .bind::<Integer, _>(version)
        .get_result(&mut database.connection().await?)
        .await
        .optional()?;
    Ok(row.map(Into::into))
}

impl From<VersionRow> for VersionView {
    fn from(row: VersionRow) -> Self {
        Self {
            document_id: row.document_id,
            version_id: row.version_id,
            version: row.version,
            version_status: row.version_status,
            reason: row.reason,
            title: row.title,
            stated: Stated {
                stated_version: row.stated_version,
                stated_date: row.stated_date,
                review_date: row.stated_review,
            },
            uploaded_by: row.uploaded_by,
            responsibility: Responsibility {
                owner: row.owner,
                jurisdiction: row.jurisdiction,
                audience: row.audience,
                effective_from: row.effective_from,
                review_by: row.review_by,
                expires_at: row.expires_at,
            },
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            released_by: row.released_by,
            findings: findings(row.findings),
            created_at: row.created_at,
            text: row.text,
        }
    }
}
