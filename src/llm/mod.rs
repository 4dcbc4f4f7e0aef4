//! Language models: one trait with streaming chat, one retry loop, fallback before the first token.

mod anthropic;
mod attempts;
mod breaker;
mod capabilities;
mod chain;
mod config;
mod models;
mod openai;
pub mod scripted;
mod sse;
mod verdict;
mod wire;

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use futures::Stream;

pub use attempts::Attempts;
pub use breaker::{BreakerCollector, BreakerState};
pub use chain::{ProviderChain, Serving};
pub use config::{BreakerConfig, DeadlinesConfig, LlmConfig, ProviderConfig, ProviderKind};
pub use models::{ModelCheck, ModelState};

/// Everything that a model sees.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    pub system: String,
    /// The history and, as the last message, the question with its evidence.
    pub messages: Vec<PromptMessage>,
}

/// One message of a prompt.
#[derive(Clone, Debug)]
pub struct PromptMessage {
    pub role: Role,
    pub content: String,
}

/// The speaker of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    Delta(String),
    /// The last item; a stream that ends without it is truncated.
    Finished {
        usage: Usage,
        finish: FinishReason,
    },
}

/// The tokens that the provider counted; `None` if it did not report them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input_tokens: Option<u32>,
    pub output_tokens: Option<u32>,
}

/// The reason why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    Stop,
    Length,
    /// The model, or a filter of its provider, declined to answer.
    Refusal,
    Other,
}

impl FinishReason {
    /// Returns a stable word for metrics and stored reasons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "completed",
            Self::Length => "length",
            Self::Refusal => "refused",
            Self::Other => "stopped",
        }
    }
}

/// An answer as a stream of chunks.
pub type ChunkStream = Pin<Box<dyn Stream<Item = Result<Chunk, LlmError>> + Send>>;

/// A model that streams. Dropping the stream ends the upstream call.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The provider's name, for example `gemini`.
    fn provider(&self) -> &'static str;
    fn model(&self) -> &str;
    async fn stream(&self, prompt: &Prompt) -> Result<ChunkStream, LlmError>;
}

/// The reason why a model gave no complete answer. It contains no text of prompt or answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    #[error("no first token in time")]
    FirstTokenTimeout,
    #[error("the stream stalled")]
    IdleTimeout,
    #[error("the answer took too long")]
    TotalTimeout,
    #[error("rate limited")]
    RateLimited { retry_after: Option<Duration> },
    #[error("the provider failed with status {status}")]
    Overloaded {
        status: u16,
        retry_after: Option<Duration>,
    },
    #[error("the provider rejected the request with status {status}")]
    Rejected { status: u16 },
    #[error("the provider does not accept the parameter {parameter} for this model")]
    ParameterRefused { parameter: &'static str },
    #[error("the provider has no such model")]
    ModelNotFound,
    #[error("the model declined to answer")]
    Refused,
    #[error("the provider did not accept the key")]
    Unauthorized,
    #[error("the provider closed the stream before the answer was complete")]
    Truncated,
    #[error("the provider said nothing")]
    Empty,
    #[error("the provider sent something unreadable")]
    Malformed,
    #[error("the provider sent more than fits into one event")]
    Oversized,
    #[error("the connection to the provider failed")]
    Transport,
    #[error("no provider could answer")]
    Exhausted,
    #[error("the answer is no longer wanted here")]
    Abandoned,
}

impl LlmError {
    /// Returns a stable word for logs, metrics and stored reasons.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FirstTokenTimeout => "first_token_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::TotalTimeout => "total_timeout",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::Rejected { .. } => "rejected",
            Self::ParameterRefused { .. } => "parameter_refused",
            Self::ModelNotFound => "model_not_found",
            Self::Refused => "refused",
            Self::Unauthorized => "unauthorized",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Malformed => "malformed",
            Self::Oversized => "oversized",
            Self::Transport => "transport",
            Self::Exhausted => "exhausted",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether the error concerns this request or its settings, while the provider itself works.
    fn is_about_the_request(&self) -> bool {
        matches!(
            self,
            Self::Rejected { .. }
                | Self::ParameterRefused { .. }
                | Self::ModelNotFound
                | Self::Refused
                | Self::Empty
        )
    }

    /// The pause that the provider asked for.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// Maps an HTTP status to an error.
    fn from_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            401 | 403 => Self::Unauthorized,
            429 => Self::RateLimited { retry_after },
            500..=599 => Self::Overloaded {
                status,
                retry_after,
            },
            _ => Self::Rejected { status },
        }
    }
}
