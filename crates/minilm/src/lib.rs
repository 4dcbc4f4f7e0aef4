//! The encoder of all-MiniLM-L6-v2 and of multilingual-e5-small: six or twelve layers of BERT on integer
//! kernels.
//!
//! The file stores its weights in one byte, with a scale for each column. A general ONNX engine
//! turns them into `f32` and multiplies in `f32`. Here the weights stay bytes, and each row of
//! numbers is rounded to bytes before it is multiplied.

mod attention;
mod file;
mod linear;
mod q4;
mod quantised;
mod rows;
#[cfg(test)]
mod tests;

use std::path::Path;

use rayon::{ThreadPool, ThreadPoolBuilder};
use rten_gemm::{GemmError, GemmExecutor};
use rten_simd::SimdOp;

use attention::Attention;
use file::{ModelFile, Scaled};
use linear::{ByteGemm, Linear, Weights};
use q4::Q4File;
pub use q4::Vocabulary;
use quantised::Quantised;
use rows::{Activate, AddAndNormalise, Dequantise, Norm, Normalise, Product, Quantise};

/// The numbers of a vector.
pub const DIMENSION: usize = HIDDEN;
/// The numbers of the hidden state of a token.
const HIDDEN: usize = 384;
/// The tokens for which the file has a position.
const POSITIONS: usize = 512;
const VOCABULARY: usize = 30_522;
const LAYERS: usize = 6;
const HEADS: usize = 12;
/// The numbers of a head.
const HEAD: usize = HIDDEN / HEADS;
/// The scores of a head are divided by the square root of its size.
const SCORE_SCALE: f32 = 0.176_776_7;
/// The numbers inside a feed-forward layer.
const INNER: usize = 1_536;
/// The tokens whose rows are computed at a time, so that these stay in the cache.
const BLOCK: usize = 64;
/// The greatest byte of a row. Without the dot product of newer CPUs, a kernel adds two products
/// in 16 bits, which hold the sum only if the bytes have seven bits.
const TOP: u8 = u8::MAX;
const TOP_IN_16_BITS: u8 = 127;

struct Layer {
    /// Query, key and value side by side; the query also carries the scale of the scores.
    attention: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

struct Embeddings {
    words: Scaled,
    /// A row is a position and the one type of tokens.
    positions: Vec<f32>,
    norm: Norm,
}

/// A failure of a kernel.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EncodeError(#[from] GemmError);

/// The weights of the model, shared by all threads.
pub struct Encoder {
    embeddings: Embeddings,
    layers: Vec<Layer>,
}

/// The kernels and buffers of one thread.
pub struct Session {
    /// Keeps the products of this thread on this thread. It must live as long as the session.
    _pool: Option<ThreadPool>,
    floats: GemmExecutor<f32>,
    hidden: Vec<f32>,
    attention_input: Vec<f32>,
    attention_output: Vec<f32>,
    attention: Attention,
    block: Block,
}

/// The buffers of a block of rows.
struct Block {
    bytes: ByteGemm,
    /// The input of the attention's products.
    state: Quantised,
    /// The input of the feed-forward layer.
    attended: Quantised,
    /// The numbers inside the feed-forward layer.
    inner: Quantised,
    sums: Vec<i32>,
    row: Vec<f32>,
}

impl Default for Session {
    fn default() -> Self {
        let top = if ByteGemm::default().may_saturate() {
            TOP_IN_16_BITS
        } else {
            TOP
        };
        Self::with_top(top)
    }
}

impl Session {
    fn with_top(top: u8) -> Self {
        // A thread joins a pool for good, so an earlier session may have joined one.
        let pool = rayon::current_thread_index().is_none().then(|| {
            let builder = ThreadPoolBuilder::new().num_threads(1);
            builder.use_current_thread().build()
        });
        Self {
            _pool: pool.and_then(Result::ok),
            floats: GemmExecutor::default(),
            hidden: Vec::new(),
            attention_input: Vec::new(),
            attention_output: Vec::new(),
            attention: Attention::default(),
            block: Block {
                bytes: ByteGemm::default(),
                state: Quantised::new(HIDDEN, top),
                attended: Quantised::new(HIDDEN, top),
                inner: Quantised::new(INNER, top),
                sums: vec![0; BLOCK * INNER],
                row: vec![0.0; INNER],
            },
        }
    }
}

impl Encoder {
    /// Reads the model's file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = ModelFile::read(path)?;
        let bytes = ByteGemm::default();
        let layers = (0..LAYERS).map(|number| Layer::read(&file, number, &bytes));
        Ok(Self {
            embeddings: Embeddings::read(&file)?,
            layers: layers.collect::<Result<_, _>>()?,
        })
    }

    /// Reads a file with weights of four bits, and the vocabulary that it holds.
    pub fn read_q4(path: &Path) -> Result<(Self, Vocabulary), String> {
        let file = Q4File::read(path)?;
        let bytes = ByteGemm::default();
        let layers = (0..file.layers).map(|number| Layer::read_q4(&file, number, &bytes));
        let encoder = Self {
            embeddings: Embeddings::read_q4(&file)?,
            layers: layers.collect::<Result<_, _>>()?,
        };
        Ok((encoder, file.vocabulary))
    }

    /// Returns the sum of the last hidden states of all tokens, of which the model reads 512.
    pub fn encode(&self, tokens: &[u32], session: &mut Session) -> Result<Vec<f32>, EncodeError> {
        let mut sum = vec![0.0; DIMENSION];
        if tokens.is_empty() {
            return Ok(sum);
        }
        let tokens = tokens.get(..POSITIONS).unwrap_or(tokens);
        self.embeddings.look_up(tokens, &mut session.hidden);
        session
            .attention_input
            .resize(3 * session.hidden.len(), 0.0);
        session.attention_output.resize(session.hidden.len(), 0.0);
        let mut layers = self.layers.iter().peekable();
        if let Some(first) = layers.peek() {
            self.begin(first, session)?;
        }
        while let Some(layer) = layers.next() {
            session.attention.attend(
                &session.floats,
                &session.attention_input,
                &mut session.attention_output,
            )?;
            session.finish(layer, layers.peek().copied())?;
        }
        for row in session.hidden.chunks_exact(HIDDEN) {
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += value;
            }
        }
        Ok(sum)
    }

    /// Computes the rows up to the attention of the first layer.
    fn begin(&self, first: &Layer, session: &mut Session) -> Result<(), GemmError> {
        let block = &mut session.block;
        let hidden = session.hidden.chunks_mut(BLOCK * HIDDEN);
        let inputs = session.attention_input.chunks_mut(BLOCK * 3 * HIDDEN);
        for (hidden, input) in hidden.zip(inputs) {
            block.state.resize(hidden.len() / HIDDEN);
            Normalise {
                hidden,
                norm: &self.embeddings.norm,
                out: &mut block.state,
            }
            .dispatch();
            block.project(first, input)?;
        }
        Ok(())
    }
}

impl Session {
    /// Computes the rows from the attention of a layer up to that of the next one.
    fn finish(&mut self, layer: &Layer, next: Option<&Layer>) -> Result<(), GemmError> {
        let block = &mut self.block;
        let hidden = self.hidden.chunks_mut(BLOCK * HIDDEN);
        let seen = self.attention_output.chunks(BLOCK * HIDDEN);
        let inputs = self.attention_input.chunks_mut(BLOCK * 3 * HIDDEN);
        for ((hidden, seen), input) in hidden.zip(seen).zip(inputs) {
            block.layer(layer, seen, hidden)?;
            if let Some(next) = next {
                block.project(next, input)?;
            }
        }
        Ok(())
    }
}

impl Block {
    /// Computes the queries, keys and values of `state`.
    fn project(&mut self, layer: &Layer, out: &mut [f32]) -> Result<(), GemmError> {
        layer
            .attention
            .multiply(&self.bytes, &self.state, &mut self.sums)?;
        Dequantise {
            product: product(&layer.attention, &self.state, &self.sums),
            out,
        }
        .dispatch();
        Ok(())
    }

    /// Computes a layer from the output of its attention; `state` becomes the input of the next.
    fn layer(&mut self, layer: &Layer, seen: &[f32], hidden: &mut [f32]) -> Result<(), GemmError> {
        let rows = hidden.len() / HIDDEN;
        for buffer in [&mut self.state, &mut self.attended, &mut self.inner] {
            buffer.resize(rows);
        }
        Quantise {
            rows: seen,
            out: &mut self.state,
        }
        .dispatch();
        let linear = &layer.attention_output;
        linear.multiply(&self.bytes, &self.state, &mut self.sums)?;
        AddAndNormalise {
            product: product(linear, &self.state, &self.sums),
            hidden: &mut *hidden,
            norm: &layer.attention_norm,
            out: &mut self.attended,
        }
        .dispatch();
        let linear = &layer.intermediate;
        linear.multiply(&self.bytes, &self.attended, &mut self.sums)?;
        Activate {
            product: product(linear, &self.attended, &self.sums),
            row: &mut self.row,
            out: &mut self.inner,
        }
        .dispatch();
        let linear = &layer.output;
        linear.multiply(&self.bytes, &self.inner, &mut self.sums)?;
        AddAndNormalise {
            product: product(linear, &self.inner, &self.sums),
            hidden,
            norm: &layer.output_norm,
            out: &mut self.state,
        }
        .dispatch();
        Ok(())
    }
}

fn product<'a>(linear: &'a Linear, input: &'a Quantised, sums: &'a [i32]) -> Product<'a> {
    Product {
        sums,
        points: input.points(),
        linear,
    }
}

impl Layer {
    fn read(file: &ModelFile, number: usize, gemm: &ByteGemm) -> Result<Self, String> {
        let name = |part: &str| format!("inner.encoder.layer.{number}.{part}");
        let linear = |part: &str, rows, columns| file.linear(&name(part), rows, columns);
        let mut query = linear("attention.self.query", HIDDEN, HIDDEN)?;
        query.multiply(SCORE_SCALE);
        let key = linear("attention.self.key", HIDDEN, HIDDEN)?;
        let value = linear("attention.self.value", HIDDEN, HIDDEN)?;
        let attention = Weights::side_by_side(&[query, key, value]);
        let packed = |part, rows, columns| {
            Ok::<_, String>(Linear::pack(&linear(part, rows, columns)?, gemm))
        };
        Ok(Self {
            attention: Linear::pack(&attention, gemm),
            attention_output: packed("attention.output.dense", HIDDEN, HIDDEN)?,
            attention_norm: file.norm(&name("attention.output.LayerNorm"), HIDDEN)?,
            intermediate: packed("intermediate.dense", HIDDEN, INNER)?,
            output: packed("output.dense", INNER, HIDDEN)?,
            output_norm: file.norm(&name("output.LayerNorm"), HIDDEN)?,
        })
    }

    fn read_q4(file: &Q4File, number: usize, gemm: &ByteGemm) -> Result<Self, String> {
        let linear =
            |part: &str, rows, columns| file.linear(&format!("l{number}.{part}"), rows, columns);
        let norm = |part: &str| file.norm(&format!("l{number}.{part}"));
        let mut query = linear("q", HIDDEN, HIDDEN)?;
        query.multiply(SCORE_SCALE);
        let (key, value) = (linear("k", HIDDEN, HIDDEN)?, linear("v", HIDDEN, HIDDEN)?);
        let attention = Weights::side_by_side(&[query, key, value]);
        let packed = |part, rows, columns| {
            Ok::<_, String>(Linear::pack(&linear(part, rows, columns)?, gemm))
        };
        Ok(Self {
            attention: Linear::pack(&attention, gemm),
            attention_output: packed("ao", HIDDEN, HIDDEN)?,
            attention_norm: norm("aln")?,
            intermediate: packed("fi", HIDDEN, INNER)?,
            output: packed("fo", INNER, HIDDEN)?,
            output_norm: norm("oln")?,
        })
    }
}

impl Embeddings {
    fn read_q4(file: &Q4File) -> Result<Self, String> {
        let mut positions = file.floats("emb.pos", POSITIONS * HIDDEN)?;
        let kind = file.floats("emb.type", HIDDEN)?;
        for row in positions.chunks_exact_mut(HIDDEN) {
            // Every token is of the first type.
            for (value, kind) in row.iter_mut().zip(&kind) {
                *value += kind;
            }
        }
        Ok(Self {
            words: file.scaled("emb.word", file.words, HIDDEN)?,
            positions,
            norm: file.norm("emb.ln")?,
        })
    }

    fn read(file: &ModelFile) -> Result<Self, String> {
        let scaled = |name: &str, rows: usize| {
            file.scaled(
                &format!("inner.embeddings.{name}.weight"),
                rows * HIDDEN,
                rows,
            )
        };
        let mut positions = Vec::with_capacity(POSITIONS * HIDDEN);
        let bytes = scaled("position_embeddings", POSITIONS)?;
        let types = file.floats("inner.embeddings.token_type_embeddings.weight", 2 * HIDDEN)?;
        for (row, scale) in bytes.values.chunks_exact(HIDDEN).zip(bytes.scales) {
            // Every token is of the first type.
            let row = row.iter().zip(&types);
            positions.extend(row.map(|(byte, kind)| f32::from(*byte) * scale + kind));
        }
        Ok(Self {
            words: scaled("word_embeddings", VOCABULARY)?,
            positions,
            norm: file.norm("inner.embeddings.LayerNorm", HIDDEN)?,
        })
    }

    /// Writes a row for each token. A token that the model does not know is only a position.
    fn look_up(&self, tokens: &[u32], hidden: &mut Vec<f32>) {
        hidden.clear();
        for (token, position) in tokens.iter().zip(self.positions.chunks_exact(HIDDEN)) {
            let index = usize::try_from(*token).unwrap_or(usize::MAX);
            let word = self
                .words
                .values
                .chunks_exact(HIDDEN)
                .nth(index)
                .unwrap_or(&[0; HIDDEN]);
            let scale = self.words.scales.get(index).copied().unwrap_or_default();
            let row = word.iter().zip(position);
            hidden.extend(row.map(|(byte, position)| f32::from(*byte) * scale + position));
        }
    }
}
