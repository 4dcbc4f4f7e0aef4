//! A model for tests that follows a script.

use async_trait::async_trait;
use futures::stream;

use super::{ChatModel, Chunk, ChunkStream, LlmError, Prompt};

/// Answers every prompt with the same steps; `None` hangs for ever.
pub struct Scripted {
    pub steps: Vec<Option<Result<Chunk, LlmError>>>,
}

#[async_trait]
impl ChatModel for Scripted {
    fn provider(&self) -> &'static str {
        "scripted"
    }

    fn model(&self) -> &'static str {
        "scripted"
    }

    async fn stream(&self, _: &Prompt) -> Result<ChunkStream, LlmError> {
        let steps = self.steps.clone().into_iter();
        Ok(Box::pin(stream::unfold(
            steps,
            async |mut steps| match steps.next()? {
                Some(item) => Some((item, steps)),
                None => std::future::pending().await,
            },
        )))
    }
}
