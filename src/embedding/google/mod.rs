//! Google's embedding model through `models/{model}:batchEmbedContents`.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use super::embedder::normalise;
use super::{EmbedError, Embedder, EmbeddingConfig, EmbeddingSetupError};
use crate::domain::causes;

/// The most texts in one request; Google's own limit.
const BATCH: usize = 100;
/// The tokens that gemini-embedding-001 reads.
const MAX_TOKENS: usize = 2_048;
/// The most requests at a time; the others wait within their deadline.
const IN_FLIGHT: usize = 8;
/// A batch of 100 vectors of 3072 numbers is about 6 MB of JSON.
const MAX_RESPONSE_BYTES: usize = 16 * 1_048_576;
/// The pause before the one retry if the response does not state one.
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// The pause before the last retry of a batch of a long document; half a minute in all.
const LONGEST_WAIT: Duration = Duration::from_secs(16);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum TaskType {
    RetrievalQuery,
    RetrievalDocument,
}

#[derive(Serialize)]
struct BatchRequest<'a> {
    requests: Vec<EmbedContentRequest<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmbedContentRequest<'a> {
    model: &'a str,
    content: Content<'a>,
    task_type: TaskType,
    output_dimensionality: usize,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
struct BatchResponse {
    embeddings: Vec<Values>,
}

#[derive(Deserialize)]
struct Values {
    values: Vec<f32>,
}

/// The embedder that calls Google.
pub struct GoogleEmbedder {
    client: Client,
    endpoint: Url,
    model: String,
    /// The resource in requests: `models/{model}`.
    resource: String,
    dimension: usize,
    timeout: Duration,
    in_flight: Semaphore,
}

/// A failed attempt, and the pause before another one makes sense.
struct Failure {
    error: EmbedError,
    retry_after: Option<Duration>,
}

impl GoogleEmbedder {
    /// Checks the settings without sending anything.
    pub fn new(config: &EmbeddingConfig) -> Result<Self, EmbeddingSetupError> {
        let google = &config.google;
        let key = google
            .api_key
            .as_ref()
            .filter(|key| !key.expose_secret().is_empty())
            .ok_or(EmbeddingSetupError::MissingKey)?;
        let invalid = |reason: &str| EmbeddingSetupError::Google(reason.to_owned());
        let base = google.base_url.trim_end_matches('/');
        let resource = format!("models/{}", google.model);
        let endpoint = Url::parse(&format!("{base}/{resource}:batchEmbedContents"))
            .map_err(|error| invalid(&format!("base_url: {error}")))?;
        if google.dimension == 0 {
            return Err(invalid("dimension is 0: expected 768, 1536 or 3072"));
        }
        let client = Client::builder()
            .default_headers(key_header(key)?)
            // A redirect would carry the key to another host.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| invalid(&causes::joined(&error)))?;
        Ok(Self {
            client,
            endpoint,
            model: google.model.clone(),
            resource,
            dimension: google.dimension,
            timeout: Duration::from_millis(config.timeout_ms),
            in_flight: Semaphore::new(IN_FLIGHT),
        })
    }

    /// Embeds one batch with one deadline and at most one retry.
    async fn embed(&self, texts: &[String], task: TaskType) -> Result<Vec<Vec<f32>>, EmbedError> {
        let deadline = Instant::now() + self.timeout;
        tokio::time::timeout_at(deadline, self.embed_until(texts, task, deadline))
            .await
            .map_err(|_| EmbedError::Timeout)?
    }

    async fn embed_until(
        &self,
        texts: &[String],
        task: TaskType,
        deadline: Instant,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let _permit = self
            .in_flight
            .acquire()
            .await
            .map_err(|_| EmbedError::Closed)?;
        let failure = match self.attempt(texts, task).await {
            Ok(vectors) => return Ok(vectors),
            Err(failure) => failure,
        };
        let wait = match failure.error {
            EmbedError::Remote { .. } if failure.error.is_retryable() => {
                failure.retry_after.unwrap_or(RETRY_DELAY)
            }
            error => return Err(error),
        };
        if Instant::now() + wait >= deadline {
            return Err(failure.error);
        }
        tokio::time::sleep(wait).await;
        self.attempt(texts, task)
            .await
            .map_err(|failure| failure.error)
    }

    /// Embeds a later batch of a document with more patience, because a failure would waste the
    /// vectors of the earlier ones.
    async fn embed_patiently(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut wait = RETRY_DELAY;
        loop {
            match self.embed(texts, TaskType::RetrievalDocument).await {
                Err(error) if error.is_retryable() && wait <= LONGEST_WAIT => {
                    tracing::warn!(%error, ?wait, "a batch of passages will be tried again");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, texts: &[String], task: TaskType) -> Result<Vec<Vec<f32>>, Failure> {
        let body = BatchRequest {
            requests: texts.iter().map(|text| self.request(text, task)).collect(),
        };
        let response = self
            .client
            .post(self.endpoint.clone())
            .json(&body)
            .send()
            .await
            .map_err(|error| transport(&error))?;
        if response.status() != StatusCode::OK {
            return Err(Failure {
                error: EmbedError::Remote {
                    status: response.status().as_u16(),
                },
                retry_after: retry_after(response.headers()),
            });
        }
        let body = read_body(response).await?;
        self.vectors(&body, texts.len())
            .map_err(|reason| EmbedError::Model(reason.into()).into())
    }

    fn request<'a>(&'a self, text: &'a str, task_type: TaskType) -> EmbedContentRequest<'a> {
        EmbedContentRequest {
            model: &self.resource,
            content: Content {
                parts: [Part { text }],
            },
            task_type,
            output_dimensionality: self.dimension,
        }
    }

    fn vectors(&self, body: &[u8], expected: usize) -> Result<Vec<Vec<f32>>, &'static str> {
        let response: BatchResponse =
            serde_json::from_slice(body).map_err(|_| "the response has an unexpected form")?;
        if response.embeddings.len() != expected {
            return Err("the response has a different number of vectors than texts");
        }
        response
            .embeddings
            .into_iter()
            .map(|Values { mut values }| {
                if values.len() != self.dimension {
                    return Err("the vectors have a different dimension");
                }
                // Google normalises only its full 3072 dimensions.
                normalise(&mut values);
                Ok(values)
            })
            .collect()
    }
}

impl From<EmbedError> for Failure {
    fn from(error: EmbedError) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }
}

fn key_header(key: &SecretString) -> Result<HeaderMap, EmbeddingSetupError> {
    let mut value = HeaderValue::from_str(key.expose_secret().trim()).map_err(|_| {
        EmbeddingSetupError::Google("api_key contains characters that no key has".into())
    })?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(
        reqwest::header::HeaderName::from_static("x-goog-api-key"),
        value,
    )]))
}

/// Reads seconds; a date is ignored, and the default delay applies.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse();
    seconds.ok().map(Duration::from_secs)
}

/// Keeps only the kind of failure, because the vendor's message contains the address.
fn transport(error: &reqwest::Error) -> EmbedError {
    let kind = if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the response broke off"
    } else {
        "the request failed"
    };
    EmbedError::Transport(kind.to_owned())
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, EmbedError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| transport(&e))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(EmbedError::Model("the answer is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[async_trait]
impl Embedder for GoogleEmbedder {
    fn model(&self) -> &str {
        &self.model
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn max_tokens(&self) -> usize {
        MAX_TOKENS
    }

    /// Estimates the tokens, because Google's tokenizer is not public. Four characters per token
    /// are usual in English.
    fn count_tokens(&self, text: &str) -> usize {
        text.chars().count().div_ceil(4)
    }

    async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError> {
        let vectors = self.embed(&[text], TaskType::RetrievalQuery).await?;
        vectors
            .into_iter()
            .next()
            .ok_or_else(|| EmbedError::Model("the answer has no vector".into()))
    }

    async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(if vectors.is_empty() {
                self.embed(batch, TaskType::RetrievalDocument).await?
            } else {
                self.embed_patiently(batch).await?
            });
        }
        Ok(vectors)
    }
}

#[cfg(test)]
mod tests;
