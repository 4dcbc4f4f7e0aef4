//! Embeddings: text becomes vectors, with a local model from the cache or with Google's.

mod config;
mod embedder;
mod google;
mod local;
pub mod models;
#[cfg(test)]
mod test_server;

use std::sync::Arc;

pub use config::{EmbeddingBackend, EmbeddingConfig, GoogleConfig, ModelSource};
pub use embedder::{EmbedError, Embedder, EmbeddingSetupError};
pub use google::GoogleEmbedder;
pub use local::LocalEmbedder;

/// Loads the configured embedder.
pub async fn from_config(
    config: &EmbeddingConfig,
) -> Result<Arc<dyn Embedder>, EmbeddingSetupError> {
    if config.backend == EmbeddingBackend::Google {
        return Ok(Arc::new(GoogleEmbedder::new(config)?));
    }
    let config = config.clone();
    let loaded = tokio::task::spawn_blocking(move || LocalEmbedder::load(&config))
        .await
        .map_err(|error| EmbeddingSetupError::Load(error.to_string()))??;
    Ok(Arc::new(loaded))
}
