//! The errors of a model.

use std::time::Duration;

use crate::event_stream::StreamError;

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
    pub(super) fn is_about_the_request(&self) -> bool {
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
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// Maps an HTTP status to an error.
    pub(super) fn from_status(status: u16, retry_after: Option<Duration>) -> Self {
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

impl From<StreamError> for LlmError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Transport => Self::Transport,
            StreamError::Oversized => Self::Oversized,
            StreamError::Malformed => Self::Malformed,
        }
    }
}
