//! The `embedding` section of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The embedder and its model cache.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingConfig {
    /// Worker threads; 0 means one a core.
    pub threads: usize,
    pub queue_capacity: usize,
    pub timeout_ms: u64,
    /// Where model files are; empty means the user's cache directory.
    pub cache_dir: PathBuf,
    /// Fetch missing files at start.
    pub download: bool,
}

impl Default for EmbeddingConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            queue_capacity: 1_024,
            timeout_ms: 60_000,
            cache_dir: PathBuf::new(),
            download: true,
        }
    }
}
