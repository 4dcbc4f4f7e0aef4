//! The `llm` section of the configuration.

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::LlmError;
use super::capabilities::ParameterOverrides;
use super::models::{self, ModelCheck};

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
    /// Of the answer; a model that thinks gets room for its thoughts on top.
    pub max_output_tokens: u32,
    /// Sent to models that take one.
    pub temperature: f32,
}

/// Which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    Gemini,
    Anthropic,
    Openai,
}

impl ProviderKind {
    /// As in the configuration, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
        }
    }
}

/// One provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    #[serde(serialize_with = "masked")]
    pub api_key: Option<SecretString>,
    pub base_url: String,
    pub model: String,
    /// Parameters to send where `llm::capabilities` is wrong about the model.
    pub parameters: ParameterOverrides,
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

impl LlmConfig {
    /// Whether the models of the providers in use exist, as far as the providers tell.
    ///
    /// # Errors
    ///
    /// [`LlmError::Transport`] if no HTTP client can be built.
    pub async fn check_models(&self) -> Result<Vec<ModelCheck>, LlmError> {
        models::check(self).await
    }

    /// The providers that have what they need, in order.
    pub(super) fn usable(&self) -> impl Iterator<Item = ProviderKind> {
        self.providers.iter().copied().filter(|kind| {
            let provider = self.of(*kind);
            let own_server = *kind == ProviderKind::Openai && !provider.base_url.is_empty();
            provider.api_key.is_some() || own_server
        })
    }

    /// The settings of a provider.
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
