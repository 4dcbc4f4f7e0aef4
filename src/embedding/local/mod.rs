//! The local model, on threads of its own.
//!
//! Each run embeds one text: on this model longer batches gain nothing, and padding costs time.
//! Queries overtake passages, so that search stays quick while documents are ingested.

mod e5;
mod model;
mod queue;
#[cfg(test)]
mod tests;
mod unigram;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use minilm::{DIMENSION, Session};

use super::config::LocalModel;
use super::{EmbedError, Embedder, EmbeddingConfig, EmbeddingSetupError, models};
use e5::E5;
use model::MiniLm;
use queue::{Lane, Queue};

/// The most passages of one call that wait or run at a time: enough to keep every thread busy, and
/// few enough that a long document does not fill the lane.
const PASSAGES_IN_FLIGHT: usize = 16;

/// A loaded model.
enum Loaded {
    MiniLm(Box<MiniLm>),
    E5(Box<E5>),
}

impl Loaded {
    #[cfg(test)]
    fn token_ids(&self, text: &str) -> Result<Vec<u32>, EmbedError> {
        match self {
            Self::MiniLm(model) => model.token_ids(text),
            Self::E5(model) => Ok(model.token_ids(text, Lane::Passage)),
        }
    }

    fn load(model: LocalModel, files: &models::ModelFiles) -> Result<Self, String> {
        match model {
            LocalModel::MiniLm => MiniLm::load(files).map(Box::new).map(Self::MiniLm),
            LocalModel::MultilingualE5 => E5::load(files).map(Box::new).map(Self::E5),
        }
    }

    fn embed(&self, text: &str, lane: Lane, session: &mut Session) -> Result<Vec<f32>, EmbedError> {
        match self {
            Self::MiniLm(model) => model.embed(text, session),
            Self::E5(model) => model.embed(text, lane, session),
        }
    }
}

/// The embedder that needs nothing but its files.
pub struct LocalEmbedder {
    name: &'static str,
    model: Arc<Loaded>,
    queue: Arc<Queue>,
    timeout: Duration,
    workers: Vec<JoinHandle<()>>,
}

impl LocalEmbedder {
    /// Opens the files, downloads them first if configured, and starts the threads. This call
    /// blocks.
    pub fn load(config: &EmbeddingConfig) -> Result<Self, EmbeddingSetupError> {
        let cache = models::ModelCache::from_config(config);
        let files = if config.download {
            cache.ensure(&models::LogProgress)?
        } else {
            cache.open()?
        };
        let model = Loaded::load(config.model, &files).map_err(EmbeddingSetupError::Load)?;
        let mut embedder = Self {
            name: models::name(config.model),
            model: Arc::new(model),
            queue: Arc::new(Queue::new(config.queue_capacity)),
            timeout: Duration::from_millis(config.timeout_ms),
            workers: Vec::new(),
        };
        for number in 0..thread_count(config.threads) {
            let worker = spawn_worker(number, &embedder.model, &embedder.queue)
                .map_err(|error| EmbeddingSetupError::Load(error.to_string()))?;
            embedder.workers.push(worker);
        }
        Ok(embedder)
    }

    async fn embed(&self, text: String, lane: Lane) -> Result<Vec<f32>, EmbedError> {
        self.queue.embed(text, lane, self.timeout).await
    }
}

fn thread_count(configured: usize) -> usize {
    if configured == 0 {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    } else {
        configured
    }
}

fn spawn_worker(
    number: usize,
    model: &Arc<Loaded>,
    queue: &Arc<Queue>,
) -> std::io::Result<JoinHandle<()>> {
    let (model, queue) = (Arc::clone(model), Arc::clone(queue));
    std::thread::Builder::new()
        .name(format!("embed-{number}"))
        .spawn(move || {
            let mut session = Session::default();
            while let Some(job) = queue.pop() {
                let begun = Instant::now();
                // A panic in the model costs one text, not the thread and all later texts.
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    model.embed(&job.text, job.lane, &mut session)
                }))
                .unwrap_or_else(|_| Err(EmbedError::Model("the model panicked".into())));
                if job.lane == Lane::Query {
                    queue.record(begun.elapsed());
                }
                // A caller that has gone no longer wants the answer.
                let _ = job.reply.send(outcome);
            }
        })
}

impl Drop for LocalEmbedder {
    fn drop(&mut self) {
        self.queue.close();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to clean up.
            let _ = worker.join();
        }
    }
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn model(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn max_tokens(&self) -> usize {
        match &*self.model {
            Loaded::MiniLm(_) => model::MAX_TOKENS,
            Loaded::E5(_) => e5::MAX_TOKENS,
        }
    }

    fn count_tokens(&self, text: &str) -> usize {
        match &*self.model {
            Loaded::MiniLm(model) => model.count_tokens(text),
            Loaded::E5(model) => model.count_tokens(text),
        }
    }

    fn query_wait(&self) -> Duration {
        self.queue.query_wait(self.workers.len())
    }

    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError> {
        self.embed(text, Lane::Query).await
    }

    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        stream::iter(texts)
            .map(|text| self.embed(text, Lane::Passage))
            .buffered(PASSAGES_IN_FLIGHT)
            .try_collect()
            .await
    }
}
