//! all-MiniLM-L6-v2: the tokenizer in front of the encoder.

use minilm::{Encoder, Session};
use tokenizers::Tokenizer;

use crate::embedding::EmbedError;
use crate::embedding::embedder::normalise;
use crate::embedding::models::ModelFiles;

/// The tokens the model was trained to read, including `[CLS]` and `[SEP]`.
pub(super) const MAX_TOKENS: usize = 256;
/// The most bytes of a text that are read. A token rarely has more than ten bytes, so this cuts
/// only text that the model would not read anyway, and keeps a huge text from occupying a thread.
const MAX_BYTES: usize = 32_768;

/// The loaded model and its tokenizer, shared by all threads.
pub(super) struct MiniLm {
    encoder: Encoder,
    tokenizer: Tokenizer,
    /// `[CLS]` and `[SEP]`.
    specials: [u32; 2],
}

impl MiniLm {
    /// Reads both files; a wrong file is found now.
    pub fn load(files: &ModelFiles) -> Result<Self, String> {
        let tokenizer = load_tokenizer(files)?;
        let special = |token: &str| {
            tokenizer
                .token_to_id(token)
                .ok_or_else(|| format!("the tokenizer has no {token}"))
        };
        let specials = [special("[CLS]")?, special("[SEP]")?];
        Ok(Self {
            encoder: Encoder::read(&files.model)?,
            tokenizer,
            specials,
        })
    }

    /// Counts the tokens of the whole text, without special tokens.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer
            .encode_fast(text, false)
            .map_or_else(|_| text.len() / 4, |encoded| encoded.len())
    }

    /// Returns the model's input: `[CLS]`, at most 254 tokens of the text, `[SEP]`.
    pub fn token_ids(&self, text: &str) -> Result<Vec<u32>, EmbedError> {
        let readable = text.get(..text.floor_char_boundary(MAX_BYTES));
        let encoded = self
            .tokenizer
            .encode_fast(readable.unwrap_or(text), false)
            // Drops the vendor's message, which might quote the text.
            .map_err(|_| EmbedError::Model("the text cannot be tokenized".into()))?;
        let [start, end] = self.specials;
        let mut ids = Vec::with_capacity(MAX_TOKENS.min(encoded.len() + 2));
        ids.push(start);
        ids.extend(encoded.get_ids().iter().take(MAX_TOKENS - 2));
        ids.push(end);
        Ok(ids)
    }

    /// Returns the vector of one text: the mean over its tokens, scaled to unit length.
    pub fn embed(&self, text: &str, session: &mut Session) -> Result<Vec<f32>, EmbedError> {
        let mut vector = self
            .encoder
            .encode(&self.token_ids(text)?, session)
            .map_err(|error| EmbedError::Model(error.to_string()))?;
        // Skips the division by the number of tokens, which would cancel out in the norm.
        normalise(&mut vector);
        Ok(vector)
    }
}

fn load_tokenizer(files: &ModelFiles) -> Result<Tokenizer, String> {
    let mut tokenizer = Tokenizer::from_file(&files.tokenizer).map_err(|e| e.to_string())?;
    // The file asks for 128 tokens, truncated and padded. One text per run needs no padding, and
    // the text is truncated where the special tokens are added.
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|e| e.to_string())?;
    Ok(tokenizer)
}
