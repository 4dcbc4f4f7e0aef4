//! Text to vectors: a local model from the cache.

mod config;
mod local;
pub mod models;

use std::sync::Arc;

use async_trait::async_trait;

pub use config::EmbeddingConfig;
pub use local::LocalEmbedder;

/// Turns texts into unit-length vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The model's name; vectors of different models are never compared.
    fn model(&self) -> &str;
    /// Numbers in a vector.
    fn dimension(&self) -> usize;
    /// Tokens of a text, without special tokens.
    fn count_tokens(&self, text: &str) -> usize;
    /// The vector of a question.
    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError>;
    /// The vectors of passages, in their order.
    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why there is no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error("the embedding queue is full")]
    Busy,
    #[error("the embedder did not answer in time")]
    Timeout,
    #[error("the embedder was stopped")]
    Closed,
    #[error("the embedding model failed: {0}")]
    Model(String),
}

/// Why the embedder cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingSetupError {
    #[error(transparent)]
    Cache(#[from] models::CacheError),
    #[error(
        "the embedding model cannot be loaded: {0}. Delete its folder and run `chatbot models pull`"
    )]
    Load(String),
}

/// The configured embedder, loaded.
pub async fn from_config(
    config: &EmbeddingConfig,
) -> Result<Arc<dyn Embedder>, EmbeddingSetupError> {
    let config = config.clone();
    let loaded = tokio::task::spawn_blocking(move || LocalEmbedder::load(&config))
        .await
        .map_err(|error| EmbeddingSetupError::Load(error.to_string()))??;
    Ok(Arc::new(loaded))
}
