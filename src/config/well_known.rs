//! Names that people expect, each also as `NAME_FILE`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ConfigError;

/// A name and the key that it sets.
const WELL_KNOWN: [(&str, &str); 9] = [
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "cache.url"),
    ("KAFKA_BROKERS", "messaging.brokers"),
    ("INTERNAL_TOKEN", "auth.internal_token"),
    ("GEMINI_API_KEY", "llm.gemini.api_key"),
    ("ANTHROPIC_API_KEY", "llm.anthropic.api_key"),
    ("OPENAI_API_KEY", "llm.openai.api_key"),
    ("OPENAI_BASE_URL", "llm.openai.base_url"),
    ("GOOGLE_API_KEY", "embedding.google.api_key"),
];

/// What the environment sets by these names.
pub(super) fn values() -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let mut values = BTreeMap::new();
    for (variable, key) in WELL_KNOWN {
        let file_variable = format!("{variable}_FILE");
        let value = if let Some(path) = std::env::var_os(&file_variable).map(PathBuf::from) {
            std::fs::read_to_string(&path).map_err(|error| ConfigError::SecretFile {
                variable: file_variable,
                path,
                reason: error.to_string(),
            })?
        } else {
            std::env::var(variable).unwrap_or_default()
        };
        // An empty variable, or an empty entry of a Secret, is how containers say "not set".
        if !value.trim().is_empty() {
            values.insert(key, value.trim().to_owned());
        }
    }
    Ok(values)
}
