//! Configuration: defaults in code, then a TOML file, then the environment.
//!
//! `config/default.toml` is the commented reference of every key. Only this module reads the
//! environment.

mod auth;
mod aws;
mod environment;
mod error;
mod messaging;
mod paths;
mod safety;
mod secret;
mod well_known;

use std::num::NonZero;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

pub use auth::AuthConfig;
pub use aws::aws_variables;
pub use error::ConfigError;
pub use messaging::{
    KafkaSaslConfig, KafkaTlsConfig, MessagingBackend, MessagingConfig, SaslMechanism,
};
pub use paths::data_dir;
pub use safety::{ContactConfig, SafetyConfig};
pub use secret::Secret;

use crate::embedding::EmbeddingConfig;
use crate::llm::LlmConfig;
use crate::orchestrator::OrchestratorConfig;
use crate::rag::RagConfig;

/// The fewest attempts at a record. Two attempts may have ended with a process that another record
/// killed; only the third says something about the record itself (see `messaging`).
const FEWEST_ATTEMPTS: u32 = 3;
/// The longest message in characters, of up to 4 bytes each.
const LONGEST_MESSAGE: usize = 8_000;

/// The address and the limits of the HTTP server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    pub host: String,
    pub port: u16,
    pub workers: usize,
    pub max_json_bytes: usize,
    pub drain_seconds: u64,
    pub endpoint_delay_seconds: u64,
    pub stalled_client_seconds: u64,
}

impl ServerConfig {
    /// The workers of the server and of the runtime: as many as configured, but no more than the
    /// processors that this process may use, by its quota too. More of them share the same time and
    /// wake each other in vain.
    pub fn threads(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        self.workers.min(processors)
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: "0.0.0.0".into(),
            port: 8000,
            workers: 2,
            max_json_bytes: 262_144,
            drain_seconds: 30,
            endpoint_delay_seconds: 0,
            stalled_client_seconds: 30,
        }
    }
}

/// The connection to PostgreSQL.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    pub url: Secret,
    pub max_connections: usize,
    pub acquire_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    pub run_migrations: bool,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            max_connections: 16,
            acquire_timeout_ms: 3_000,
            statement_timeout_ms: 10_000,
            run_migrations: false,
        }
    }
}

/// The cache: rate limits, turn events and query embeddings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    pub backend: CacheBackend,
    pub url: Secret,
    /// The authorities to trust with `rediss://`; empty means the system's.
    pub ca_file: PathBuf,
    pub timeout_ms: u64,
    pub max_connections: usize,
    pub stream_ttl_seconds: u64,
    pub max_events: usize,
}

/// The kind of cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheBackend {
    Redis,
    InProcess,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            backend: CacheBackend::Redis,
            url: Secret::default(),
            ca_file: PathBuf::new(),
            timeout_ms: 250,
            max_connections: 8,
            stream_ttl_seconds: 900,
            max_events: 4_096,
        }
    }
}

/// The extractive answer was once the last of the providers; lists that still name it work.
fn without_extractive(figment: Figment) -> Figment {
    const KEY: &str = "llm.providers";
    match figment.extract_inner::<Vec<String>>(KEY) {
        Ok(mut names) if names.iter().any(|name| name == "extractive") => {
            names.retain(|name| name != "extractive");
            figment.merge((KEY, names))
        }
        _ => figment,
    }
}

/// Log output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    pub filter: String,
    pub format: LogFormat,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    Pretty,
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".into(),
            format: LogFormat::Auto,
        }
    }
}

/// The whole configuration, with one struct per section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: ServerConfig,
    pub auth: AuthConfig,
    pub database: DatabaseConfig,
    pub messaging: MessagingConfig,
    pub cache: CacheConfig,
    pub orchestrator: OrchestratorConfig,
    pub safety: SafetyConfig,
    pub rag: RagConfig,
    pub embedding: EmbeddingConfig,
    pub llm: LlmConfig,
    pub log: LogConfig,
}

impl Config {
    /// Loads the file named by `--config` or `CHATBOT_CONFIG`, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = file
            .map(Path::to_path_buf)
            .or_else(|| std::env::var_os("CHATBOT_CONFIG").map(PathBuf::from));
        Self::from_figment(&Self::figment(file.as_deref())?)
    }

    fn figment(file: Option<&Path>) -> Result<Figment, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(ConfigError::Invalid(format!(
                    "the configuration file {} does not exist",
                    path.display()
                )));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        for value in well_known::values()? {
            figment = figment.merge(value);
        }
        for value in environment::values(std::env::vars_os(), &Self::default())? {
            figment = figment.merge(value);
        }
        Ok(figment)
    }

    fn from_figment(figment: &Figment) -> Result<Self, ConfigError> {
        let figment = &without_extractive(figment.clone());
        let mut config: Self = figment
            .extract()
            .map_err(|error| ConfigError::Invalid(describe(&error)))?;
        if config.embedding.cache_dir.as_os_str().is_empty() {
            config.embedding.cache_dir = paths::cache_home().join("chatbot/models");
        }
        config.validate(figment)?;
        Ok(config)
    }

    fn validate(&self, figment: &Figment) -> Result<(), ConfigError> {
        let positive = [
            ("server.workers", self.server.workers),
            ("database.max_connections", self.database.max_connections),
            ("cache.max_connections", self.cache.max_connections),
            (
                "orchestrator.max_concurrent_turns",
                self.orchestrator.max_concurrent_turns,
            ),
            (
                "orchestrator.max_turns_per_user",
                self.orchestrator.max_turns_per_user,
            ),
            ("llm.breaker.failures", self.llm.breaker.failures),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(ConfigError::Invalid(format!(
                    "{key} is 0: expected at least 1"
                )));
            }
        }
        if self.messaging.heartbeat_ms * 2 > self.messaging.lease_ttl_ms {
            return Err(ConfigError::Invalid(
                "messaging.lease_ttl_ms must be at least twice messaging.heartbeat_ms".into(),
            ));
        }
        if self.messaging.max_attempts < FEWEST_ATTEMPTS {
            return Err(ConfigError::Invalid(format!(
                "messaging.max_attempts is {}: expected at least {FEWEST_ATTEMPTS}, because a record in \
                 hand when its process dies counts as tried, whoever is to blame",
                self.messaging.max_attempts
            )));
        }
        let most = self.orchestrator.max_message_chars;
        if most > LONGEST_MESSAGE {
            return Err(ConfigError::Invalid(format!(
                "orchestrator.max_message_chars is {most}: expected at most {LONGEST_MESSAGE}, because triage \
                 reads no more of a message"
            )));
        }
        if let Some(wrong) = self.messaging.contradiction() {
            let origin = origin(figment, wrong.because);
            return Err(ConfigError::Invalid(format!(
                "{}: {} ({} is from {origin})",
                wrong.key, wrong.expected, wrong.because
            )));
        }
        self.validate_addresses(figment)
    }

    /// Checks the addresses to which programs and people are sent.
    fn validate_addresses(&self, figment: &Figment) -> Result<(), ConfigError> {
        let (llm, google) = (&self.llm, &self.embedding.google);
        let addresses = [
            ("orchestrator.rag_url", &self.orchestrator.rag_url),
            ("embedding.google.base_url", &google.base_url),
            ("llm.gemini.base_url", &llm.gemini.base_url),
            ("llm.anthropic.base_url", &llm.anthropic.base_url),
            ("llm.openai.base_url", &llm.openai.base_url),
        ];
        let expected = "is not an address: expected http://host:port or https://host";
        let wrong = addresses
            .into_iter()
            // An unused provider may have no address.
            .find(|(key, address)| {
                let left_empty = address.is_empty() && *key != "orchestrator.rag_url";
                !(left_empty || is_http(address))
            })
            .map(|(key, _)| (key.to_owned(), expected.to_owned()))
            .or_else(|| self.safety.wrong());
        wrong.map_or(Ok(()), |(key, wrong)| {
            let origin = origin(figment, &key);
            let wrong = format!("{key} {wrong} (from {origin})");
            Err(ConfigError::Invalid(wrong))
        })
    }
}

/// Names the origin of a key's value.
fn origin(figment: &Figment, key: &str) -> String {
    let found = figment.find_metadata(key);
    found.map_or("the defaults".into(), |metadata| metadata.name.to_string())
}

fn is_http(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Describes each error in one line: the key, the origin of its value, and the expected value.
fn describe(error: &figment::Error) -> String {
    error
        .clone()
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let origin = error
                .metadata
                .as_ref()
                .map_or_else(String::new, |m| format!(" (from {})", m.name));
            format!("{key}: {}{origin}", error.kind)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests;
