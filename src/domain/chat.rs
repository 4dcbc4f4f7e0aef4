//! Conversations, turns and the events of a turn.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contact::Contact;
use super::evidence::{Citation, Source};
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
    /// Which rung of the ladder answered: `llm`, `extractive`, `abstain` or `triage`.
    pub rung: Option<String>,
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

/// The outcome of triage as the client sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TriageNotice {
    /// `none` or `emergency`.
    pub level: String,
    pub category: Option<String>,
    pub text: Option<String>,
    /// Whom the text has people call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// One server-sent event of a turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum TurnEvent {
    Turn {
        turn_id: TurnId,
        message_id: MessageId,
        status: TurnStatus,
    },
    Triage(TriageNotice),
    Sources(Vec<Source>),
    Delta {
        text: String,
    },
    Citation(Citation),
    /// What was shown so far is void; the answer starts again.
    Restart {
        reason: String,
    },
    /// This replica stops and the turn goes on elsewhere: read on from there. Ends the stream, but
    /// not the turn; it is no event of the turn and has no id.
    Reconnect {
        turn_id: TurnId,
    },
    /// An `application/problem+json` object; terminal.
    Error(serde_json::Value),
    Done(Box<TurnDone>),
}

impl TurnEvent {
    /// The SSE event name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Turn { .. } => "turn",
            Self::Triage(_) => "triage",
            Self::Sources(_) => "sources",
            Self::Delta { .. } => "delta",
            Self::Citation(_) => "citation",
            Self::Restart { .. } => "restart",
            Self::Reconnect { .. } => "reconnect",
            Self::Error(_) => "error",
            Self::Done(_) => "done",
        }
    }

    /// Whether this event ends the stream.
    pub fn ends_stream(&self) -> bool {
        matches!(
            self,
            Self::Error(_) | Self::Done(_) | Self::Reconnect { .. }
        )
    }

    /// The JSON body that follows `data:`.
    pub fn data(&self) -> serde_json::Value {
        serde_json::to_value(self)
            .ok()
            .and_then(|mut value| value.get_mut("data").map(serde_json::Value::take))
            .unwrap_or_default()
    }
}
