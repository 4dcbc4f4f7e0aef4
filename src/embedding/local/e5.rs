//! multilingual-e5-small: texts in about a hundred languages have near vectors if they mean the same.
//! Wang et al., "Multilingual E5 Text Embeddings" (2024).

use minilm::{Encoder, Session};

use super::queue::Lane;
use super::unigram::Unigram;
use crate::embedding::EmbedError;
use crate::embedding::embedder::normalise;
use crate::embedding::models::ModelFiles;

/// The tokens the model was trained to read, including both special ones.
pub(super) const MAX_TOKENS: usize = 512;
/// The most bytes of a text that are read; see the other model.
const MAX_BYTES: usize = 32_768;

/// The loaded model and its tokenizer, shared by all threads.
pub(super) struct E5 {
    encoder: Encoder,
    tokenizer: Unigram,
}

impl E5 {
    /// Reads the file; a wrong one is found now.
    pub fn load(files: &ModelFiles) -> Result<Self, String> {
        let (encoder, vocabulary) = Encoder::read_q4(&files.model)?;
        Ok(Self {
            encoder,
            tokenizer: Unigram::new(vocabulary),
        })
    }

    /// Counts the tokens of the whole text as a passage, without special tokens.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer.ids(&prefixed(text, Lane::Passage)).len()
    }

    /// Returns the model's input: the beginning, at most 510 tokens of the text, the end.
    pub fn token_ids(&self, text: &str, lane: Lane) -> Vec<u32> {
        let readable = text.get(..text.floor_char_boundary(MAX_BYTES));
        let ids = self
            .tokenizer
            .ids(&prefixed(readable.unwrap_or(text), lane));
        let begin = [self.tokenizer.begin].into_iter();
        let read = begin.chain(ids.into_iter().take(MAX_TOKENS - 2));
        read.chain([self.tokenizer.end]).collect()
    }

    /// Returns the vector of one text: the mean over its tokens, scaled to unit length.
    pub fn embed(
        &self,
        text: &str,
        lane: Lane,
        session: &mut Session,
    ) -> Result<Vec<f32>, EmbedError> {
        let encoded = self.encoder.encode(&self.token_ids(text, lane), session);
        let mut vector = encoded.map_err(|error| EmbedError::Model(error.to_string()))?;
        // The division by the number of tokens would cancel out in the norm.
        normalise(&mut vector);
        Ok(vector)
    }
}

/// The model was trained on texts that say what they are.
fn prefixed(text: &str, lane: Lane) -> String {
    match lane {
        Lane::Query => format!("query: {text}"),
        Lane::Passage => format!("passage: {text}"),
    }
}
