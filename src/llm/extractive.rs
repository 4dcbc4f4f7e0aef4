//! The answer without a language model: verbatim lines of the evidence, each with its marker.
//!
//! Passages are cut into units (sentences, list items, table rows) under the lines that govern them;
//! of those that speak of what was asked about, the one that fits best is shown with what belongs to
//! it, under its heading, lead-in and header. Nothing is written, only chosen.

mod choose;
mod question;

use async_trait::async_trait;
use futures::stream;

use super::{ChatModel, Chunk, ChunkStream, FinishReason, LlmError, Prompt, Usage};
use choose::choose;

/// Chooses lines; never writes one.
pub struct Extractive;

#[async_trait]
impl ChatModel for Extractive {
    fn provider(&self) -> &'static str {
        "extractive"
    }

    fn model(&self) -> &'static str {
        "verbatim-sentences"
    }

    async fn stream(&self, prompt: &Prompt) -> Result<ChunkStream, LlmError> {
        let lines = choose(&prompt.question, &prompt.evidence);
        let mut chunks: Vec<Result<Chunk, LlmError>> = lines
            .into_iter()
            .map(|line| Ok(Chunk::Delta(format!("{} [{}]\n", line.text, line.number))))
            .collect();
        chunks.push(Ok(Chunk::Finished {
            usage: Usage::default(),
            finish: FinishReason::Stop,
        }));
        Ok(Box::pin(stream::iter(chunks)))
    }
}
