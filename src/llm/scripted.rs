//! A model for tests that follows a script.

use futures::future::BoxFuture;
use futures::{FutureExt, future, stream};

use super::{ChatModel, Chunk, ChunkStream, LlmError, Prompt};

/// Answers every prompt with the same steps; `None` hangs for ever.
pub struct Scripted {
    pub steps: Vec<Option<Result<Chunk, LlmError>>>,
}

impl ChatModel for Scripted {
    fn provider(&self) -> &'static str {
        "scripted"
    }

    fn model(&self) -> &'static str {
        "scripted"
    }

    fn stream(&self, _: &Prompt) -> BoxFuture<'_, Result<ChunkStream, LlmError>> {
        let steps = self.steps.clone().into_iter();
        let chunks: ChunkStream = Box::pin(stream::unfold(steps, async |mut steps| {
            match steps.next()? {
                Some(item) => Some((item, steps)),
                None => std::future::pending().await,
            }
        }));
        future::ready(Ok(chunks)).boxed()
    }
}
