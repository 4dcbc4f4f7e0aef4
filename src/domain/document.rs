//! Documents and their versions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::governance::{Finding, Governance, Responsibility};
use super::ids::{DocumentId, VersionId};

/// Whether a document may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    Active,
    Withdrawn,
    Deleted,
}

impl DocumentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Withdrawn => "withdrawn",
            Self::Deleted => "deleted",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Withdrawn, Self::Deleted]
            .into_iter()
            .find(|s| s.as_str() == name)
    }
}

/// The state of a version on its way into the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionStatus {
    /// The version is stored and waits for a worker.
    Received,
    /// The version is parsed and embedded, and waits for approval. It answers nothing.
    Draft,
    /// The text looks hostile, or a person has stopped the version; `reason` says why. It answers
    /// nothing until somebody releases it.
    Quarantined,
    /// The version is searchable, unless it takes effect later.
    Indexed,
    /// The version cannot be indexed; `reason` says why, in words for people.
    Failed,
    /// A newer version has replaced this one.
    Superseded,
}

impl VersionStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Draft => "draft",
            Self::Quarantined => "quarantined",
            Self::Indexed => "indexed",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Received,
            Self::Draft,
            Self::Quarantined,
            Self::Indexed,
            Self::Failed,
            Self::Superseded,
        ]
        .into_iter()
        .find(|s| s.as_str() == name)
    }
}

/// A version's statements about itself, word for word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stated {
    /// Its version, such as `2.0`; `version` is our count of uploads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_version: Option<String>,
    /// Its date, such as `2 February 2026`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_date: Option<String>,
    /// The date until which it should be reviewed, such as `March 2027`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<String>,
}

/// The title, the version and the dates that a document gives itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelfDescription {
    /// Its title, if the uploader gave none but the name of the file.
    pub title: Option<String>,
    pub stated: Stated,
    /// The first moment after the date of review, if that date has one meaning.
    pub review_over: Option<DateTime<Utc>>,
}

/// A document as content owners see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DocumentView {
    pub id: DocumentId,
    pub collection: String,
    pub external_id: String,
    /// The uploader's title, or the document's own if the uploader gave none.
    pub title: String,
    #[serde(flatten)]
    pub stated: Stated,
    pub status: DocumentStatus,
    pub media_type: String,
    /// The newest version.
    pub version: i32,
    pub version_id: VersionId,
    pub version_status: VersionStatus,
    /// The reason why the newest version failed or is in quarantine, in words for people.
    pub reason: Option<String>,
    /// The parts of the newest version that were left out, in words for people.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The version that answers now, if any.
    pub current_version: Option<i32>,
    /// Hex SHA-256 of the newest version's bytes.
    pub sha256: String,
    pub size_bytes: i64,
    pub chunks: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The address where the newest version was read, for example that of a web page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The `ETag` or the `Last-Modified` that the newest version had there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_validator: Option<String>,
    #[serde(flatten)]
    pub governance: Governance,
}

/// One version with its text, for the person who decides about it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    pub document_id: DocumentId,
    pub version_id: VersionId,
    pub version: i32,
    pub version_status: VersionStatus,
    pub reason: Option<String>,
    pub title: String,
    #[serde(flatten)]
    pub stated: Stated,
    pub uploaded_by: Option<String>,
    #[serde(flatten)]
    pub responsibility: Responsibility,
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub released_by: Option<String>,
    pub findings: Vec<Finding>,
    pub created_at: DateTime<Utc>,
    /// The text in which every offset counts characters. Absent until a worker has read the upload.
    pub text: Option<String>,
}
