//! The parameters of a request, and the configured values that override them.

use serde::{Deserialize, Serialize};

/// The name of the output limit. Anthropic accepts only `max_tokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputLimit {
    MaxTokens,
    MaxCompletionTokens,
}

/// Anthropic's `thinking.type`, which other providers do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// Nothing is sent, and the model decides.
    Omit,
    Disabled,
    /// No thinking before the text; only models with tools think in between.
    BetweenTools,
    Adaptive,
}

impl Thinking {
    /// Returns the value on the wire; `None` if nothing is sent.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Omit => None,
            Self::Disabled => Some("disabled"),
            Self::BetweenTools => Some("between_tools"),
            Self::Adaptive => Some("adaptive"),
        }
    }
}

/// How much a model thinks: `reasoning_effort`, or `output_config.effort` at Anthropic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Nothing is sent, and the model decides.
    Omit,
    None,
    Minimal,
    Low,
    Medium,
    High,
}

impl Effort {
    /// Returns the value on the wire; `None` if nothing is sent.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Omit => None,
            Self::None => Some("none"),
            Self::Minimal => Some("minimal"),
            Self::Low => Some("low"),
            Self::Medium => Some("medium"),
            Self::High => Some("high"),
        }
    }
}

/// Configured values that replace those of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParameterOverrides {
    pub temperature: Option<bool>,
    pub output_limit: Option<OutputLimit>,
    pub thinking: Option<Thinking>,
    pub effort: Option<Effort>,
    pub thinking_tokens: Option<u32>,
}
