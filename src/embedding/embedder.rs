//! The interface that every embedder implements, and how one fails.

use std::time::Duration;

use async_trait::async_trait;

use super::models::CacheError;

/// Turns texts into unit-length vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The model's name; vectors of different models are never compared.
    fn model(&self) -> &str;
    /// The numbers in a vector.
    fn dimension(&self) -> usize;
    /// The tokens that the model reads, including special tokens; it ignores the rest of a text.
    fn max_tokens(&self) -> usize;
    /// Counts the tokens of a text, without special tokens.
    fn count_tokens(&self, text: &str) -> usize;
    /// Returns how long the vector of a question would take now, as far as that can be told.
    fn query_wait(&self) -> Duration {
        Duration::ZERO
    }
    /// Returns the vector of a question.
    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError>;
    /// Returns the vectors of passages, in order.
    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// The reason why there is no vector. It contains no text that was to be embedded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    #[error("the embedding queue is full")]
    Busy,
    #[error("the embedder did not answer in time")]
    Timeout,
    #[error("the embedder was stopped")]
    Closed,
    #[error("the embedding model failed: {0}")]
    Model(String),
    #[error("the embedding provider answered with status {status}")]
    Remote { status: u16 },
    #[error("the embedding provider cannot be reached: {0}")]
    Transport(String),
}

impl EmbedError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy | Self::Timeout | Self::Transport(_) => true,
            Self::Remote { status } => *status == 429 || *status >= 500,
            // `Closed` means that this process is stopping; `Model` fails the same way for the same
            // text.
            Self::Closed | Self::Model(_) => false,
        }
    }
}

/// The reason why the embedder cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingSetupError {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(
        "the embedding model cannot be loaded: {0}. Delete its folder and run `chatbot models pull`"
    )]
    Load(String),
    #[error("embedding.backend is \"google\" but there is no key: set GOOGLE_API_KEY")]
    MissingKey,
    #[error("embedding.google cannot be used: {0}")]
    Google(String),
}

/// Scales to unit length; the zero vector stays unchanged.
pub(super) fn normalise(vector: &mut [f32]) {
    let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
    for value in vector {
        *value /= norm;
    }
}
