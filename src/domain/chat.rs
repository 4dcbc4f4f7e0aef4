//! Conversations and turns.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contact::Contact;
use super::emergency::TriageNotice;
use super::evidence::{Citation, SentenceProof};
use super::ids::{ConversationId, MessageId, TurnId};
use super::understanding::{Clarification, Understanding};

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
}

impl Role {
    /// The name as stored and as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    /// Returns the role of a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::User, Self::Assistant]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// The state of a turn. The last six are terminal: exactly one of them ends every accepted turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnStatus {
    Accepted,
    Retrieving,
    Answering,
    Completed,
    Abstained,
    /// The turn asks back; the next message is the answer to its question.
    Clarifying,
    Escalated,
    Failed,
    Cancelled,
}

impl TurnStatus {
    const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Retrieving,
        Self::Answering,
        Self::Completed,
        Self::Abstained,
        Self::Clarifying,
        Self::Escalated,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Returns the name that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Retrieving => "retrieving",
            Self::Answering => "answering",
            Self::Completed => "completed",
            Self::Abstained => "abstained",
            Self::Clarifying => "clarifying",
            Self::Escalated => "escalated",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the status of a name.
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

/// A message of the conversation, in the form that a prompt needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    pub role: Role,
    pub content: String,
    /// The question that a message of the person was understood as, where that is stored.
    pub standalone: Option<String>,
}

/// The state of the documents that an answer cites, at the time of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourcesStatus {
    /// Every cited version is the approved one.
    Current,
    /// A cited document has a newer version, or will have one once that version is indexed.
    Replaced,
    /// A cited document was withdrawn, or has expired.
    Withdrawn,
    /// The answer rests on a document that was deleted or that the reader may not read now.
    /// [`WITHHELD`] replaces it, without citations and sources.
    Restricted,
}

/// Replaces an answer whose documents the reader may no longer read.
pub const WITHHELD: &str =
    "This answer rests on documents that you may no longer read. Please ask again.";

impl SourcesStatus {
    const ALL: [Self; 4] = [
        Self::Current,
        Self::Replaced,
        Self::Withdrawn,
        Self::Restricted,
    ];

    /// The name as worked out and as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Replaced => "replaced",
            Self::Withdrawn => "withdrawn",
            Self::Restricted => "restricted",
        }
    }

    /// Returns the status of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
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
    /// Set for an answer with citations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources_status: Option<SourcesStatus>,
}

/// Tokens that a provider counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    pub input_tokens: u32,
    pub output_tokens: u32,
}

/// The duration of the stages of a turn, in milliseconds since it was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timings {
    pub retrieval_ms: Option<u64>,
    pub first_token_ms: Option<u64>,
    pub total_ms: u64,
}

/// The ways in which an answer can come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A language model wrote the answer, and passages support it.
    Llm,
    /// The answer quotes the passages word for word.
    Extractive,
    /// The prepared text for a question that the documents do not answer.
    Abstain,
    /// The prepared advice for an emergency.
    Triage,
    /// The prepared reply to a greeting, thanks, or a question about the assistant itself.
    Manners,
    /// The prepared question with options from the documents.
    Clarify,
}

impl Rung {
    /// Returns a stable word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Extractive => "extractive",
            Self::Abstain => "abstain",
            Self::Triage => "triage",
            Self::Manners => "manners",
            Self::Clarify => "clarify",
        }
    }
}

/// A step below the best answer that is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A provider that is not the first of the chain wrote the answer.
    Fallback,
    /// The passages answer word for word, although a language model is configured.
    Verbatim,
    /// There is no answer: the person is told whom to call and whom to ask.
    Contacts,
}

/// How far an answer is below the best one that is possible, and the words that tell the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Degraded {
    pub rung: Step,
    /// A stable word: `provider_unavailable`, `unsupported`, or the reason of a failed turn.
    pub reason: String,
    /// One or two sentences for the person, in the person's language where it is known.
    pub notice: String,
    /// The language of the notice (BCP 47).
    pub language: String,
}

/// The end of a turn. The `done` event, the JSON answer and the stored state share this form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TurnDone {
    pub turn_id: TurnId,
    /// The stored answer; feedback refers to it.
    pub message_id: Option<MessageId>,
    pub status: TurnStatus,
    /// The reason for a failure or cancellation, as a stable word.
    pub reason: Option<String>,
    pub answer: String,
    pub citations: Vec<Citation>,
    /// Whether verified citations support the answer. This is true of every completed answer,
    /// because unsupported sentences are not shown; earlier releases stored others.
    pub grounded: bool,
    /// Each sentence of the answer from documents, in order, and whether it is proved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<SentenceProof>,
    /// The number of a model's sentences that were not sent, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: BTreeMap<String, u32>,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// The way in which the answer came about.
    pub rung: Option<Rung>,
    /// The advice that goes before the answer of an urgent message, or is the answer to an
    /// emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triage: Option<TriageNotice>,
    /// Set if something is not available and the answer is less than it could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Degraded>,
    /// The language of the turn's prepared texts (BCP 47): the person's own where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The reading of the message, for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub understanding: Option<Understanding>,
    /// Set if the turn asks back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clarification: Option<Clarification>,
    pub usage: Usage,
    pub timings: Timings,
    /// The contacts in a prepared answer, for clients that make links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Set only when the turn is read later, and never stored. A replayed event contains it if the
    /// answer is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources_status: Option<SourcesStatus>,
}
