//! The part of a document's view that people decide by.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::domain::governance::{Finding, Governance, Responsibility};
use crate::domain::ids::DocumentId;
use crate::persistence::connection::Connection;
use crate::persistence::error::DbError;
use crate::persistence::statement::statement;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    document_id: DocumentId,
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
    supersedes: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    approved_by: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    approved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Jsonb)]
    findings: Value,
    #[diesel(sql_type = Nullable<Integer>)]
    current_version: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    scheduled_version: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    answers: Option<bool>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    review_due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Bool>)]
    review_overdue: Option<bool>,
}

/// The governance of a document, and the version that answers.
pub(super) struct Governed {
    pub current_version: Option<i32>,
    pub governance: Governance,
}

impl From<Row> for Governed {
    fn from(row: Row) -> Self {
        Self {
            current_version: row.current_version,
            governance: Governance {
                uploaded_by: row.uploaded_by,
                responsibility: Responsibility {
                    owner: row.owner,
                    jurisdiction: row.jurisdiction,
                    audience: row.audience,
                    effective_from: row.effective_from,
                    review_by: row.review_by,
                    expires_at: row.expires_at,
                },
                supersedes: row.supersedes,
                approved_by: row.approved_by,
                approved_at: row.approved_at,
                findings: findings(row.findings),
                answers: row.answers.unwrap_or(false),
                scheduled_version: row.scheduled_version,
                review_due_at: row.review_due_at,
                review_overdue: row.review_overdue.unwrap_or(false),
                conflicts: None,
            },
        }
    }
}

/// Reads stored findings; those that cannot be read are left out.
pub(super) fn findings(stored: Value) -> Vec<Finding> {
    serde_json::from_value(stored).unwrap_or_default()
}

/// Loads the governance of these documents.
pub(super) async fn load(
    connection: &mut Connection,
    documents: &[DocumentId],
) -> Result<HashMap<DocumentId, Governed>, DbError> {
    let rows: Vec<Row> = statement(include_str!("governance.sql"))
        .bind::<Array<SqlUuid>, _>(documents)
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.document_id, row.into()))
        .collect())
}
