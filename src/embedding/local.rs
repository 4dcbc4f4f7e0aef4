//! all-MiniLM-L6-v2, quantised to int8, on rten: pure Rust, on threads of its own.
//!
//! One text a run: on this model longer batches gain nothing and padding costs. Queries overtake
//! passages, so that search stays quick while documents are ingested.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use tokenizers::{Tokenizer, TruncationParams};
use tokio::sync::oneshot;

use super::{EmbedError, Embedder, EmbeddingConfig, EmbeddingSetupError, models};

/// Tokens the model reads, special tokens included; what follows is cut.
const MAX_TOKENS: usize = 256;
/// Numbers in a vector.
const DIMENSION: usize = 384;

type Reply = oneshot::Sender<Result<Vec<f32>, EmbedError>>;

struct Job {
    text: String,
    reply: Reply,
}

#[derive(Default)]
struct Lanes {
    queries: VecDeque<Job>,
    passages: VecDeque<Job>,
    closed: bool,
}

struct Queue {
    lanes: Mutex<Lanes>,
    filled: Condvar,
    capacity: usize,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(
        &self,
        text: String,
        query: bool,
    ) -> Result<oneshot::Receiver<Result<Vec<f32>, EmbedError>>, EmbedError> {
        let (reply, receiver) = oneshot::channel();
        let mut lanes = self.lock();
        if lanes.closed {
            return Err(EmbedError::Closed);
        }
        if lanes.queries.len() + lanes.passages.len() >= self.capacity {
            return Err(EmbedError::Busy);
        }
        let lane = if query {
            &mut lanes.queries
        } else {
            &mut lanes.passages
        };
        lane.push_back(Job { text, reply });
        drop(lanes);
        self.filled.notify_one();
        Ok(receiver)
    }

    /// The next job whose caller still waits; `None` when the queue was closed.
    fn pop(&self) -> Option<Job> {
        let mut lanes = self.lock();
        loop {
            if lanes.closed {
                return None;
            }
            match lanes
                .queries
                .pop_front()
                .or_else(|| lanes.passages.pop_front())
            {
                Some(job) if job.reply.is_closed() => {}
                Some(job) => return Some(job),
                None => {
                    lanes = self
                        .filled
                        .wait(lanes)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// The loaded model and what it takes to run it on one text.
struct MiniLm {
    model: Model,
    /// Reads whole texts, for counting.
    tokenizer: Tokenizer,
    /// Cuts at what the model can read.
    truncating: Tokenizer,
    inputs: [NodeId; 3],
    output: NodeId,
}

impl MiniLm {
    fn load(files: &models::ModelFiles) -> Result<Self, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let mut tokenizer = Tokenizer::from_file(&files.tokenizer).map_err(|e| text(&e))?;
        // The file asks for padding to 128 tokens; one text a run needs none.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|e| text(&e))?;
        let mut truncating = tokenizer.clone();
        truncating
            .with_truncation(Some(TruncationParams {
                max_length: MAX_TOKENS,
                ..TruncationParams::default()
            }))
            .map_err(|e| text(&e))?;
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(&files.model)
            .map_err(|e| text(&e))?;
        let node = |name: &str| model.node_id(name).map_err(|e| e.to_string());
        let inputs = [
            node("input_ids")?,
            node("attention_mask")?,
            node("token_type_ids")?,
        ];
        let output = node("last_hidden_state")?;
        Ok(Self {
            model,
            tokenizer,
            truncating,
            inputs,
            output,
        })
    }

    fn tokens(&self, text: &str) -> Result<Vec<i32>, EmbedError> {
        let encoded = self
            .truncating
            .encode_fast(text, true)
            .map_err(|error| EmbedError::Model(error.to_string()))?;
        Ok(encoded
            .get_ids()
            .iter()
            .map(|id| i32::try_from(*id).unwrap_or(0))
            .collect())
    }

    /// Mean pooling over the tokens, then unit length.
    fn embed(&self, text: &str, pool: &Arc<ThreadPool>) -> Result<Vec<f32>, EmbedError> {
        let ids = self.tokens(text)?;
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
        pool_and_normalise(&hidden.view())
    }
}

fn pool_and_normalise(hidden: &NdTensorView<f32, 3>) -> Result<Vec<f32>, EmbedError> {
    let [_, _, dimension] = hidden.shape();
    let data = hidden
        .data()
        .ok_or_else(|| EmbedError::Model("output is not contiguous".into()))?;
    if dimension != DIMENSION || data.is_empty() {
        return Err(EmbedError::Model("unexpected output shape".into()));
    }
    let mut mean = vec![0.0_f32; dimension];
    for token in data.chunks_exact(dimension) {
        for (sum, value) in mean.iter_mut().zip(token) {
            *sum += value;
        }
    }
    // The number of tokens cancels out in the norm.
    let norm = mean.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
    for value in &mut mean {
        *value /= norm;
    }
    Ok(mean)
}

/// The embedder that needs nothing but its files.
pub struct LocalEmbedder {
    model: Arc<MiniLm>,
    queue: Arc<Queue>,
    timeout: Duration,
    workers: Vec<JoinHandle<()>>,
}

impl LocalEmbedder {
    /// Opens the files (fetching them if configured) and starts the threads. Blocks.
    pub fn load(config: &EmbeddingConfig) -> Result<Self, EmbeddingSetupError> {
        let cache = models::ModelCache::new(&config.cache_dir);
        let files = if config.download {
            cache.ensure(&models::LogProgress)?
        } else {
            cache.open()?
        };
        let model = Arc::new(MiniLm::load(&files).map_err(EmbeddingSetupError::Load)?);
        let queue = Arc::new(Queue {
            lanes: Mutex::default(),
            filled: Condvar::new(),
            capacity: config.queue_capacity.max(1),
        });
        let threads = if config.threads == 0 {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        } else {
            config.threads
        };
        let workers = (0..threads)
            .map(|number| spawn_worker(number, &model, &queue))
            .collect::<Result<_, _>>()
            .map_err(|error| EmbeddingSetupError::Load(error.to_string()))?;
        Ok(Self {
            model,
            queue,
            timeout: Duration::from_millis(config.timeout_ms),
            workers,
        })
    }

    async fn embed(&self, text: String, query: bool) -> Result<Vec<f32>, EmbedError> {
        let receiver = self.queue.push(text, query)?;
        tokio::time::timeout(self.timeout, receiver)
            .await
            .map_err(|_| EmbedError::Timeout)?
            .map_err(|_| EmbedError::Closed)?
    }
}

fn spawn_worker(
    number: usize,
    model: &Arc<MiniLm>,
    queue: &Arc<Queue>,
) -> std::io::Result<JoinHandle<()>> {
    let (model, queue) = (Arc::clone(model), Arc::clone(queue));
    std::thread::Builder::new()
        .name(format!("embed-{number}"))
        .spawn(move || {
            let pool = Arc::new(ThreadPool::with_num_threads(1));
            while let Some(job) = queue.pop() {
                // The caller may have gone: then nobody wants the answer.
                let _ = job.reply.send(model.embed(&job.text, &pool));
            }
        })
}

impl Drop for LocalEmbedder {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.filled.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to clean up.
            let _ = worker.join();
        }
    }
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn model(&self) -> &str {
        models::MODEL
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.tokenizer_count(text)
    }

    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError> {
        self.embed(text, true).await
    }

    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        // A document's passages are queued a few at a time, so that a long one cannot fill
        // the queue by itself.
        let mut vectors = Vec::with_capacity(texts.len());
        let mut texts = texts.into_iter();
        loop {
            let batch: Vec<String> = texts.by_ref().take(16).collect();
            if batch.is_empty() {
                return Ok(vectors);
            }
            vectors.extend(try_join_all(batch.into_iter().map(|t| self.embed(t, false))).await?);
        }
    }
}

impl LocalEmbedder {
    fn tokenizer_count(&self, text: &str) -> usize {
        self.model
            .tokenizer
            .encode_fast(text, false)
            .map_or_else(|_| text.len() / 4, |encoded| encoded.len())
    }
}
