//! all-MiniLM-L6-v2, quantised to int8, on rten.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use tokenizers::Tokenizer;

use crate::embedding::EmbedError;
use crate::embedding::embedder::normalise;
use crate::embedding::models::ModelFiles;

/// The tokens the model was trained to read, including `[CLS]` and `[SEP]`.
pub(super) const MAX_TOKENS: usize = 256;
/// The numbers in a vector.
pub(super) const DIMENSION: usize = 384;
/// The most bytes of a text that are read. A token rarely has more than ten bytes, so this cuts
/// only text that the model would not read anyway, and keeps a huge text from occupying a thread.
const MAX_BYTES: usize = 32_768;

/// The loaded model and its tokenizer, shared by all threads.
pub(super) struct MiniLm {
    model: Model,
    tokenizer: Tokenizer,
    /// `[CLS]` and `[SEP]`.
    specials: [i32; 2],
    inputs: [NodeId; 3],
    output: NodeId,
}

impl MiniLm {
    /// Reads both files and runs the model once, so that a wrong file is found now.
    pub fn load(files: &ModelFiles) -> Result<Self, String> {
        let tokenizer = load_tokenizer(files)?;
        let special = |token: &str| {
            tokenizer
                .token_to_id(token)
                .and_then(|id| i32::try_from(id).ok())
                .ok_or_else(|| format!("the tokenizer has no {token}"))
        };
        let specials = [special("[CLS]")?, special("[SEP]")?];
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(&files.model)
            .map_err(|error| error.to_string())?;
        let node = |name: &str| model.node_id(name).map_err(|error| error.to_string());
        let inputs = [
            node("input_ids")?,
            node("attention_mask")?,
            node("token_type_ids")?,
        ];
        let output = node("last_hidden_state")?;
        let loaded = Self {
            model,
            tokenizer,
            specials,
            inputs,
            output,
        };
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        loaded
            .embed("warm up", &pool)
            .map_err(|error| error.to_string())?;
        Ok(loaded)
    }

    /// Counts the tokens of the whole text, without special tokens.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer
            .encode_fast(text, false)
            .map_or_else(|_| text.len() / 4, |encoded| encoded.len())
    }

    /// Returns the model's input: `[CLS]`, at most 254 tokens of the text, `[SEP]`.
    pub fn token_ids(&self, text: &str) -> Result<Vec<i32>, EmbedError> {
        let readable = text.get(..text.floor_char_boundary(MAX_BYTES));
        let encoded = self
            .tokenizer
            .encode_fast(readable.unwrap_or(text), false)
            // Drops the vendor's message, which might quote the text.
            .map_err(|_| EmbedError::Model("the text cannot be tokenized".into()))?;
        let [start, end] = self.specials;
        let mut ids = Vec::with_capacity(MAX_TOKENS.min(encoded.len() + 2));
        ids.push(start);
        for id in encoded.get_ids().iter().take(MAX_TOKENS - 2) {
            let id = i32::try_from(*id).map_err(|_| EmbedError::Model("token id".into()))?;
            ids.push(id);
        }
        ids.push(end);
        Ok(ids)
    }

    /// Returns the vector of one text: the mean over its tokens, scaled to unit length.
    pub fn embed(&self, text: &str, pool: &Arc<ThreadPool>) -> Result<Vec<f32>, EmbedError> {
        let ids = self.token_ids(text)?;
        let length = ids.len();
        let [input_ids, mask, types] = self.inputs;
        let tensor = |values: Vec<i32>| NdTensor::from_data([1, length], values);
        let inputs: Vec<(NodeId, ValueOrView)> = vec![
            (input_ids, tensor(ids).into()),
            (mask, tensor(vec![1; length]).into()),
            (types, tensor(vec![0; length]).into()),
        ];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let [hidden] = self
            .model
            .run_n(inputs, [self.output], Some(options))
            .map_err(|error| EmbedError::Model(error.to_string()))?;
        let hidden: NdTensor<f32, 3> = hidden
            .try_into()
            .map_err(|_| EmbedError::Model("unexpected output shape".into()))?;
        mean_pool(&hidden.view())
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

/// `hidden` is 1 × tokens × 384. Every token counts, because one text per run has no padding to
/// mask.
fn mean_pool(hidden: &NdTensorView<f32, 3>) -> Result<Vec<f32>, EmbedError> {
    let [_, _, dimension] = hidden.shape();
    let data = hidden
        .data()
        .ok_or_else(|| EmbedError::Model("the output is not contiguous".into()))?;
    if dimension != DIMENSION || data.is_empty() {
        return Err(EmbedError::Model("unexpected output shape".into()));
    }
    let mut mean = vec![0.0_f32; dimension];
    for token in data.chunks_exact(dimension) {
        for (sum, value) in mean.iter_mut().zip(token) {
            *sum += value;
        }
    }
    // Skips the division by the number of tokens, which would cancel out in the norm.
    normalise(&mut mean);
    Ok(mean)
}
