//! Conversations and turns.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contact::Contact;
use super::evidence::Citation;
use super::ids::{ConversationId, MessageId, TurnId};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
}

/// Where a turn is. The last five are terminal: exactly one of them ends every accepted turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnStatus {
    Accepted,
    Retrieving,
    Answering,
    Completed,
    Abstained,
    Escalated,
    Failed,
    Cancelled,
}

impl TurnStatus {
    const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Retrieving,
        Self::Answering,
        Self::Completed,
        Self::Abstained,
        Self::Escalated,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name as stored and as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Retrieving => "retrieving",
            Self::Answering => "answering",
            Self::Completed => "completed",
            Self::Abstained => "abstained",
            Self::Escalated => "escalated",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether the turn has ended.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Accepted | Self::Retrieving | Self::Answering)
    }
}

/// A conversation as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    pub id: ConversationId,
    pub title: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Something that was said, as a prompt needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    pub role: Role,
    pub content: String,
}

/// What has become of the documents that an answer cites, at the moment it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourcesStatus {
    /// Every cited version is the approved one.
    Current,
    /// A cited document has a newer version, or will have one once it is indexed.
    Replaced,
    /// A cited document was withdrawn, or has expired.
    Withdrawn,
    /// The answer rests on a document that the reader may not read now, or that was deleted:
    /// [`WITHHELD`] stands in its place, without citations and sources.
    Restricted,
}

/// The text in place of an answer whose documents the reader may no longer read.
pub const WITHHELD: &str =
    "This answer rests on documents that you may no longer read. Please ask again.";

impl SourcesStatus {
    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "current" => Some(Self::Current),
            "replaced" => Some(Self::Replaced),
            "withdrawn" => Some(Self::Withdrawn),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }
}

/// A stored message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Message {
    pub id: MessageId,
    pub role: Role,
    pub content: String,
    pub turn_id: TurnId,
    pub created_at: DateTime<Utc>,
    /// Of an answer with citations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources_status: Option<SourcesStatus>,
}

/// Tokens that a provider counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    pub input_tokens: u32,
    pub output_tokens: u32,
}

/// How long the stages of a turn took, in milliseconds since it was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timings {
    pub retrieval_ms: Option<u64>,
    pub first_token_ms: Option<u64>,
    pub total_ms: u64,
}

/// The rungs of the ladder that an answer can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A language model wrote it, and passages support it.
    Llm,
    /// The passages, word for word.
    Extractive,
    /// The prepared text of a question that the documents do not answer.
    Abstain,
    /// The prepared advice of an emergency.
    Triage,
}

impl Rung {
    /// A stable word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Extractive => "extractive",
            Self::Abstain => "abstain",
            Self::Triage => "triage",
        }
    }
}

/// The end of a turn: the `done` event, the JSON answer and the stored state are this one shape.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TurnDone {
    pub turn_id: TurnId,
    /// The stored answer; feedback refers to it.
    pub message_id: Option<MessageId>,
    pub status: TurnStatus,
    /// Why it failed or was cancelled, as a stable word.
    pub reason: Option<String>,
    pub answer: String,
    pub citations: Vec<Citation>,
    /// Whether verified citations support the answer: true of every completed one, for what no
    /// passage supports is not shown. Earlier releases stored others.
    pub grounded: bool,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// Which rung of the ladder answered.
    pub rung: Option<Rung>,
    pub usage: Usage,
    pub timings: Timings,
    /// Whom a prepared answer has people call, for clients that make links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Only when the turn is read later, and never stored; a replayed event has it if the answer is
    /// withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources_status: Option<SourcesStatus>,
}
