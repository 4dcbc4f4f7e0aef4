//! The `llm` section of the configuration.

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::parameters::ParameterOverrides;

/// The providers in order, their settings, and the deadlines of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LlmConfig {
    /// Tried in this order; a provider without its key is skipped.
    pub providers: Vec<ProviderKind>,
    pub gemini: ProviderConfig,
    pub anthropic: ProviderConfig,
    pub openai: ProviderConfig,
    pub deadlines: DeadlinesConfig,
    pub breaker: BreakerConfig,
    /// The limit for the answer; a model that thinks gets extra room for its thoughts.
    pub max_output_tokens: u32,
    /// Sent to models that accept one.
    pub temperature: f32,
}

/// The kind of provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    Gemini,
    Anthropic,
    Openai,
}

impl ProviderKind {
    /// Returns the name used in the configuration, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
        }
    }
}

/// The settings of one provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    #[serde(serialize_with = "masked")]
    pub api_key: Option<SecretString>,
    pub base_url: String,
    pub model: String,
    /// Overrides of the parameters in `llm::capabilities`.
    pub parameters: ParameterOverrides,
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn masked<S: Serializer>(key: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(_) => serializer.serialize_some("***"),
        None => serializer.serialize_none(),
    }
}

/// Deadlines in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeadlinesConfig {
    pub connect_ms: u64,
    /// For one attempt.
    pub first_token_ms: u64,
    /// For all attempts together, until one has its first token.
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

/// The limits of the circuit breaker.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// The failures in a row that open the breaker.
    pub failures: usize,
    /// The pause; it is longer if the provider asks for it.
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

impl LlmConfig {
    /// Returns the providers that have their key, in order.
    pub(super) fn usable(&self) -> impl Iterator<Item = ProviderKind> {
        self.providers.iter().copied().filter(|kind| {
            let provider = self.of(*kind);
            let own_server = *kind == ProviderKind::Openai && !provider.base_url.is_empty();
            provider.api_key.is_some() || own_server
        })
    }

    /// Returns the settings of a provider.
    pub(super) fn of(&self, kind: ProviderKind) -> &ProviderConfig {
        match kind {
            ProviderKind::Gemini => &self.gemini,
            ProviderKind::Anthropic => &self.anthropic,
            ProviderKind::Openai => &self.openai,
        }
    }
}

impl Default for LlmConfig {
    fn default() -> Self {
        let provider = |base_url: &str, model: &str| ProviderConfig {
            api_key: None,
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            parameters: ParameterOverrides::default(),
        };
        Self {
            providers: vec![
                ProviderKind::Gemini,
                ProviderKind::Anthropic,
                ProviderKind::Openai,
            ],
            gemini: provider(
                "https://generativelanguage.googleapis.com/v1beta/openai",
                "gemini-3.5-flash-lite",
            ),
            anthropic: provider("https://api.anthropic.com", "claude-sonnet-5-5"),
            openai: provider("", "gpt-6-luna"),
            deadlines: DeadlinesConfig::default(),
            breaker: BreakerConfig::default(),
            max_output_tokens: 1_200,
            temperature: 0.1,
        }
    }
}
