//! The people who answer for a document, the time in which it applies, and the decisions it needs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::DocumentId;

/// The uploader's statements about a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Responsibility {
    /// The person or department that keeps the document correct.
    pub owner: Option<String>,
    /// The area in which the document applies.
    pub jurisdiction: Option<String>,
    /// The people for whom the document is written.
    pub audience: Option<String>,
    /// The version answers from this time on.
    pub effective_from: Option<DateTime<Utc>>,
    /// The owner should have read the document again by this time. It answers on.
    pub review_by: Option<DateTime<Utc>>,
    /// The version stops answering at this time.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The part of an upload in which something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Title,
    Text,
}

/// A suspicious place in a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The name of the kind, for example `instruction`.
    pub kind: String,
    #[serde(rename = "in")]
    pub part: Part,
    /// Character offsets into that part, half-open.
    pub start: i32,
    pub end: i32,
}

/// The governance of a document: that of its newest version, and what answers now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Governance {
    /// The owner of the API key that uploaded the newest version.
    pub uploaded_by: Option<String>,
    #[serde(flatten)]
    pub responsibility: Responsibility,
    /// The document, as `collection/external_id`, that stops answering when this one starts.
    pub supersedes: Option<String>,
    /// The owner of the API key that approved the newest version. Absent if no approval was needed.
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    /// The places for which the newest version was put into quarantine.
    pub findings: Vec<Finding>,
    /// Whether a version of the document answers questions now.
    pub answers: bool,
    /// An approved version that takes effect later.
    pub scheduled_version: Option<i32>,
    /// The time by which the version that answers should be reviewed.
    pub review_due_at: Option<DateTime<Utc>>,
    /// Whether the review of the version that answers is overdue: by `review_by`, or by the date that
    /// the document itself states.
    #[serde(default)]
    pub review_overdue: bool,
    /// The passages of other documents that say the same with other numbers. Lists leave them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<Conflict>>,
}

/// Two passages that say nearly the same with different numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// The version of this document; `start` and `end` are character offsets into its text.
    pub version: i32,
    pub start: i32,
    pub end: i32,
    pub quantities: Vec<String>,
    pub other_document_id: DocumentId,
    /// The other document as `collection/external_id`.
    pub other: String,
    pub other_title: String,
    pub other_version: i32,
    pub other_start: i32,
    pub other_end: i32,
    pub other_quantities: Vec<String>,
    /// The cosine similarity of the two passages.
    pub similarity: f32,
    pub found_at: DateTime<Utc>,
}
