//! Well-known names of variables, each also as `NAME_FILE`.

use std::path::PathBuf;

use figment::providers::Serialized;
use figment::value::{Dict, Map};
use figment::{Metadata, Profile, Provider};
use serde::Serialize;

use super::error::ConfigError;

/// A name and the key that it sets.
const WELL_KNOWN: [(&str, &str); 12] = [
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "cache.url"),
    ("KAFKA_BROKERS", "messaging.brokers"),
    ("KAFKA_SASL_USERNAME", "messaging.sasl.username"),
    ("KAFKA_SASL_PASSWORD", "messaging.sasl.password"),
    ("INTERNAL_TOKEN", "auth.internal_token"),
    ("INTERNAL_TOKEN_PREVIOUS", "auth.internal_token_previous"),
    ("GEMINI_API_KEY", "llm.gemini.api_key"),
    ("ANTHROPIC_API_KEY", "llm.anthropic.api_key"),
    ("OPENAI_API_KEY", "llm.openai.api_key"),
    ("OPENAI_BASE_URL", "llm.openai.base_url"),
    ("GOOGLE_API_KEY", "embedding.google.api_key"),
];

/// A value, and the variable it came from, so that an error can name the variable.
pub(super) struct Setting<T> {
    pub variable: String,
    pub value: Serialized<T>,
}

impl<T: Serialize> Provider for Setting<T> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.variable.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.value.data()
    }
}

/// Reads the well-known variables.
pub(super) fn values() -> Result<Vec<Setting<String>>, ConfigError> {
    let mut values = Vec::new();
    for (name, key) in WELL_KNOWN {
        let mut variable = format!("{name}_FILE");
        let value = if let Some(path) = std::env::var_os(&variable).map(PathBuf::from) {
            std::fs::read_to_string(&path).map_err(|error| ConfigError::SecretFile {
                variable: variable.clone(),
                path,
                reason: error.to_string(),
            })?
        } else {
            name.clone_into(&mut variable);
            std::env::var(name).unwrap_or_default()
        };
        // Containers leave a variable, or an entry of a Secret, empty to say "not set".
        if !value.trim().is_empty() {
            let value = Serialized::default(key, value.trim().to_owned());
            values.push(Setting { variable, value });
        }
    }
    Ok(values)
}
