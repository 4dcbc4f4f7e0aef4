//! The interface that every model implements, and its types.

use std::pin::Pin;

use futures::Stream;
use futures::future::BoxFuture;

use super::error::LlmError;

/// Everything that a model sees.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    pub system: String,
    /// The history and, as the last message, the question with its evidence.
    pub messages: Vec<PromptMessage>,
}

/// One message of a prompt.
#[derive(Clone, Debug)]
pub struct PromptMessage {
    pub role: Role,
    pub content: String,
}

/// The speaker of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    Delta(String),
    /// The last item; a stream that ends without it is truncated.
    Finished {
        usage: Usage,
        finish: FinishReason,
    },
}

/// The tokens that the provider counted; `None` if it did not report them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input_tokens: Option<u32>,
    pub output_tokens: Option<u32>,
}

/// The reason why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    Stop,
    Length,
    /// The model, or a filter of its provider, declined to answer.
    Refusal,
    Other,
}

impl FinishReason {
    /// Returns a stable word for metrics and stored reasons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "completed",
            Self::Length => "length",
            Self::Refusal => "refused",
            Self::Other => "stopped",
        }
    }
}

/// An answer as a stream of chunks.
pub type ChunkStream = Pin<Box<dyn Stream<Item = Result<Chunk, LlmError>> + Send>>;

/// A model that streams. Dropping the stream ends the upstream call.
pub trait ChatModel: Send + Sync {
    /// The provider's name, for example `gemini`.
    fn provider(&self) -> &'static str;
    fn model(&self) -> &str;
    /// Sends the prompt. The future does not keep it, because a model may take long to begin.
    fn stream(&self, prompt: &Prompt) -> BoxFuture<'_, Result<ChunkStream, LlmError>>;
}
