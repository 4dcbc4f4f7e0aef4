//! Passages that support an answer, and citations that point to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::Stated;
use super::ids::{DocumentId, VersionId};

/// The scores that the two legs gave a passage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegScores {
    /// Cosine similarity, -1 to 1; absent if the dense leg did not return the passage.
    pub dense: Option<f32>,
    /// BM25 score, unbounded; absent if the lexical leg did not return the passage.
    pub lexical: Option<f32>,
}

/// The way in which a line governs the lines in its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContextKind {
    /// The heading of the section.
    Heading,
    /// The sentence that leads into a list or a table, or the item above a nested list.
    Lead,
    /// The header row of a table.
    Header,
}

/// A line of the document without which the lines in its scope are misread: "Do not take it if:"
/// above a list, or the column names above a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContextLine {
    pub kind: ContextKind,
    /// Character offsets into the version's text, half-open.
    pub start: i32,
    pub end: i32,
    /// The line governs the text between its end and this offset.
    pub until: i32,
    /// The version's text at `start..end`. It is empty if the text is too long to be carried; the
    /// lines it governs can then not be shown with it.
    pub text: String,
}

/// A retrieved passage.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Passage {
    pub document_id: DocumentId,
    pub version_id: VersionId,
    pub external_id: String,
    pub collection: String,
    pub title: String,
    pub version: i32,
    #[serde(flatten)]
    pub stated: Stated,
    /// The page, starting at 1, for formats with pages.
    pub page: Option<i32>,
    /// Character (Unicode scalar value) offsets into the version's text, half-open.
    pub start: i32,
    pub end: i32,
    /// Exactly the version's text at `start..end`.
    pub text: String,
    /// The lines that govern a part of the passage, in the order of the document, including those
    /// inside it. Absent for a version that was indexed before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Vec<ContextLine>>,
    /// The fused score; only the order of scores has a meaning.
    pub score: f32,
    pub scores: LegScores,
}

/// The response of `POST /v1/retrieve` and `POST /v1/search`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct RetrieveResponse {
    pub results: Vec<Passage>,
    /// Set when a leg could not answer, for example `dense_unavailable`.
    pub degraded: Option<String>,
    /// Words of the question that were searched in another spelling too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}

/// A word of the question that no searched document contains, and the word of the results that is
/// most like it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// The word as it was typed.
    pub typed: String,
    /// A word of at least one of the results, in lower case.
    pub meant: String,
}

/// The body of `POST /v1/retrieve` and `POST /v1/search`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrieveRequest {
    pub query: String,
    /// Other forms of the same question, at most 3, each as long as `query` may be. Each form is
    /// searched, and a document that any of them finds is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rephrased: Vec<String>,
    /// The collections to search; absent means every one that the caller may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections: Option<Vec<String>>,
    /// The number of results, 1 to 100; the default is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A passage in the form that the client of a turn sees.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The number in the answer's markers, starting at 1.
    pub id: i32,
    pub document_id: DocumentId,
    pub version_id: VersionId,
    /// The name of the document in its collection; empty in answers that earlier releases stored.
    #[serde(default)]
    pub external_id: String,
    pub title: String,
    pub version: i32,
    #[serde(flatten)]
    pub stated: Stated,
    pub page: Option<i32>,
    pub start: i32,
    pub end: i32,
    pub text: String,
    pub score: f32,
}

impl Source {
    /// The version and the date that the document states itself; the count of its uploads if it states
    /// none.
    pub fn edition(&self) -> String {
        let version = self.stated.stated_version.as_deref();
        let version =
            version.map(|stated| format!("Version {}", stated.trim_start_matches(['v', 'V'])));
        let said: Vec<String> = version
            .into_iter()
            .chain(self.stated.stated_date.clone())
            .collect();
        if said.is_empty() {
            return format!("Version {}", self.version);
        }
        said.join(", ")
    }
}

/// A sentence of an answer, and whether it is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentenceProof {
    /// Character offsets into the answer, half-open.
    pub start: i32,
    pub end: i32,
    /// Whether a citation supports the sentence. A heading or lead-in without a claim of its own is
    /// shown with the sentence below it and is not grounded.
    pub grounded: bool,
}

/// A verified pointer from a span of the answer to a quote in a document version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Citation {
    pub source_id: i32,
    pub document_id: DocumentId,
    pub version_id: VersionId,
    pub quote: String,
    /// Character offsets into the document version's text: `text[start..end] == quote`.
    pub start: i32,
    pub end: i32,
    /// Character offsets into the answer: the span that the quote supports.
    pub answer_start: i32,
    pub answer_end: i32,
}
