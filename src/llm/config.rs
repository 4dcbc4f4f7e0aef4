//! The `llm` section of the configuration.

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

/// Providers in order, their settings, and the deadlines of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LlmConfig {
    /// Tried in this order; one without its key is skipped.
    pub providers: Vec<ProviderKind>,
    pub gemini: ProviderConfig,
    pub anthropic: ProviderConfig,
    pub openai: ProviderConfig,
    pub deadlines: DeadlinesConfig,
    pub breaker: BreakerConfig,
    pub max_output_tokens: u32,
    pub temperature: f32,
}

/// Which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    Gemini,
    Anthropic,
    Openai,
    Extractive,
}

/// One provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    #[serde(serialize_with = "masked")]
    pub api_key: Option<SecretString>,
    pub base_url: String,
    pub model: String,
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn masked<S: Serializer>(key: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(_) => serializer.serialize_some("***"),
        None => serializer.serialize_none(),
    }
}

/// Deadlines, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeadlinesConfig {
    pub connect_ms: u64,
    /// Of one attempt.
    pub first_token_ms: u64,
    /// Of all attempts together, until one has its first token.
    pub answer_start_ms: u64,
    pub idle_ms: u64,
    pub total_ms: u64,
}

impl Default for DeadlinesConfig {
    fn default() -> Self {
        Self {
            connect_ms: 5_000,
            first_token_ms: 15_000,
            answer_start_ms: 17_000,
            idle_ms: 15_000,
            total_ms: 90_000,
        }
    }
}

/// When a provider is left alone.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// After so many failures in a row.
    pub failures: usize,
    /// For so long, or longer if the provider asks for it.
    pub pause_ms: u64,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures: 5,
            pause_ms: 10_000,
        }
    }
}

impl Default for LlmConfig {
    fn default() -> Self {
        let provider = |base_url: &str, model: &str| ProviderConfig {
            api_key: None,
            base_url: base_url.to_owned(),
            model: model.to_owned(),
        };
        Self {
            providers: vec![
                ProviderKind::Gemini,
                ProviderKind::Anthropic,
                ProviderKind::Openai,
                ProviderKind::Extractive,
            ],
            gemini: provider(
                "https://generativelanguage.googleapis.com/v1beta/openai",
                "gemini-2.5-flash",
            ),
            anthropic: provider("https://api.anthropic.com", "claude-sonnet-4-5"),
            openai: provider("", "gpt-4.1-mini"),
            deadlines: DeadlinesConfig::default(),
            breaker: BreakerConfig::default(),
            max_output_tokens: 800,
            temperature: 0.1,
        }
    }
}
