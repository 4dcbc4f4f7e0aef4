//! The reading of a message in its conversation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a message.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A question that stands alone.
    Question,
    /// A question that needs the conversation.
    FollowUp,
    /// A question that takes the place of the last one: "no, I meant the south house".
    Correction,
    /// The answer to a clarifying question.
    Choice,
    Greeting,
    Thanks,
    Goodbye,
    /// "Who are you?"
    Identity,
    /// "What can you do?"
    Capabilities,
    /// "Are you a doctor?"
    Doctor,
    /// "Who reads this?"
    Privacy,
    /// A request to say the last answer again.
    Repeat,
    /// A request for a shorter answer.
    Shorten,
    /// A request for plainer words.
    Explain,
    Complaint,
    /// A message that asks nothing.
    Statement,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Question,
        Self::FollowUp,
        Self::Correction,
        Self::Choice,
        Self::Greeting,
        Self::Thanks,
        Self::Goodbye,
        Self::Identity,
        Self::Capabilities,
        Self::Doctor,
        Self::Privacy,
        Self::Repeat,
        Self::Shorten,
        Self::Explain,
        Self::Complaint,
        Self::Statement,
    ];

    /// A stable word, as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::FollowUp => "follow_up",
            Self::Correction => "correction",
            Self::Choice => "choice",
            Self::Greeting => "greeting",
            Self::Thanks => "thanks",
            Self::Goodbye => "goodbye",
            Self::Identity => "identity",
            Self::Capabilities => "capabilities",
            Self::Doctor => "doctor",
            Self::Privacy => "privacy",
            Self::Repeat => "repeat",
            Self::Shorten => "shorten",
            Self::Explain => "explain",
            Self::Complaint => "complaint",
            Self::Statement => "statement",
        }
    }

    /// Returns the kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether a prepared text answers it, without documents and without a model.
    pub fn is_prepared(self) -> bool {
        matches!(
            self,
            Self::Greeting
                | Self::Thanks
                | Self::Goodbye
                | Self::Identity
                | Self::Capabilities
                | Self::Doctor
                | Self::Privacy
                | Self::Complaint
                | Self::Statement
        )
    }
}

/// A message as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Understanding {
    pub kind: MessageKind,
    /// The language of the message (BCP 47).
    pub language: String,
    /// The question as it reads without its conversation; absent if the message stands alone. It is
    /// searched beside the person's own words and never shown as them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standalone: Option<String>,
    /// The author of `standalone`: `rules`, or `model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A question back, and the answers to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Clarification {
    pub question: String,
    /// Two to four, numbered from 1 in this order.
    pub options: Vec<ClarificationOption>,
}

/// One answer to a question back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClarificationOption {
    /// The title of a document.
    pub label: String,
}
