//! The provider chain: providers in order, one retry loop, and deadlines around every stream.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::anthropic::Anthropic;
use super::attempts::Attempts;
use super::breaker::{Breaker, BreakerCollector, BreakerState, Permit};
use super::openai::OpenAiCompatible;
use super::{
    BreakerConfig, ChatModel, Chunk, ChunkStream, DeadlinesConfig, FinishReason, LlmConfig,
    LlmError, Prompt, ProviderKind, Usage, wire,
};

/// The most calls to language models that may fail for one answer.
const MAX_ATTEMPTS: usize = 3;
/// After a `Retry-After` longer than this, the chain goes to the next provider.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(2);
/// The pause before a provider is called again after a temporary failure.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The chain of configured providers.
pub struct ProviderChain {
    links: Vec<Link>,
    deadlines: DeadlinesConfig,
}

struct Link {
    model: Arc<dyn ChatModel>,
    breaker: Arc<Breaker>,
}

/// A provider that has started to answer.
pub struct Serving {
    pub provider: &'static str,
    pub model: String,
    /// Whether another provider comes first in the chain.
    pub fallback: bool,
    pub stream: ChunkStream,
}

impl ProviderChain {
    /// Creates a chain of these models.
    pub fn new(
        models: Vec<Arc<dyn ChatModel>>,
        deadlines: DeadlinesConfig,
        breaker: BreakerConfig,
    ) -> Self {
        let link = |model: Arc<dyn ChatModel>| Link {
            breaker: Arc::new(Breaker::new(model.provider(), breaker)),
            model,
        };
        Self {
            links: models.into_iter().map(link).collect(),
            deadlines,
        }
    }

    /// Creates a chain of the configured providers that have their key.
    pub fn from_config(config: &LlmConfig) -> Result<Self, LlmError> {
        let http = wire::client(&config.deadlines)?;
        let mut models: Vec<Arc<dyn ChatModel>> = Vec::new();
        for kind in config.usable() {
            models.push(match kind {
                ProviderKind::Anthropic => Arc::new(Anthropic::new(config, &http)),
                ProviderKind::Gemini | ProviderKind::Openai => {
                    Arc::new(OpenAiCompatible::new(kind, config, &http))
                }
            });
        }
        Ok(Self::new(models, config.deadlines, config.breaker))
    }

    /// Returns the providers in order, as `provider/model`.
    pub fn names(&self) -> Vec<String> {
        self.links
            .iter()
            .map(|Link { model, .. }| format!("{}/{}", model.provider(), model.model()))
            .collect()
    }

    /// Whether no provider is configured.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Returns each provider with the state of its breaker.
    pub fn breakers(&self) -> impl Iterator<Item = (&'static str, BreakerState)> {
        self.links
            .iter()
            .map(|link| (link.model.provider(), link.breaker.state()))
    }

    /// Returns a collector of the breakers for Prometheus.
    pub fn collector(&self) -> BreakerCollector {
        let breakers = self.links.iter().map(|link| Arc::clone(&link.breaker));
        BreakerCollector::new(breakers.collect())
    }

    /// Returns the stream of the first provider whose first chunk arrives. Each call builds the
    /// prompt anew, so that nothing keeps it while a model takes its time. The chain falls back only
    /// before the first chunk, and retries a provider only if this takes no attempt from another one.
    ///
    /// Failures in earlier runs of the same answer count. A call that was interrupted, because its
    /// replica died or stopped, says nothing about the provider and does not count.
    pub async fn stream(
        &self,
        prompt: &(dyn Fn() -> Prompt + Sync),
        attempts: &Arc<dyn Attempts>,
    ) -> Result<Serving, LlmError> {
        let end = Instant::now() + Duration::from_millis(self.deadlines.answer_start_ms);
        let mut left = MAX_ATTEMPTS.saturating_sub(attempts.failed());
        for (index, link) in self.links.iter().enumerate() {
            loop {
                if left == 0 || Instant::now() >= end {
                    break;
                }
                let Some(permit) = link.breaker.admit() else {
                    break;
                };
                left = left.saturating_sub(1);
                let ahead = self.usable_after(index).min(left);
                let attempts = Arc::clone(attempts);
                if !attempts
                    .begin(link.model.provider(), link.model.model())
                    .await
                {
                    return Err(LlmError::Abandoned);
                }
                let limit = share(end, ahead);
                let error = match self.begin(link, permit, prompt, limit, attempts).await {
                    Ok(serving) => {
                        let fallback = index > 0;
                        return Ok(Serving {
                            fallback,
                            ..serving
                        });
                    }
                    // A refusal is not worked around with another model; the person is told.
                    Err(LlmError::Refused) => return Err(LlmError::Refused),
                    Err(error) => error,
                };
                report(link, &error);
                match pause_before_retry(&error) {
                    Some(pause) if left > ahead && Instant::now() + pause < end => {
                        sleep(pause).await;
                    }
                    _ => break,
                }
            }
        }
        Err(LlmError::Exhausted)
    }

    /// Returns how many language models after this one would still be called.
    fn usable_after(&self, index: usize) -> usize {
        self.links
            .iter()
            .skip(index + 1)
            .filter(|link| link.breaker.admits())
            .count()
    }

    async fn begin(
        &self,
        link: &Link,
        mut permit: Permit,
        prompt: &(dyn Fn() -> Prompt + Sync),
        limit: Duration,
        attempts: Arc<dyn Attempts>,
    ) -> Result<Serving, LlmError> {
        let limit = limit.min(Duration::from_millis(self.deadlines.first_token_ms));
        let due = Instant::now() + limit;
        let begun = timeout_at(due, async {
            let call = link.model.stream(&prompt());
            let mut stream = call.await?;
            match stream.next().await.ok_or(LlmError::Truncated)?? {
                Chunk::Finished {
                    finish: FinishReason::Refusal,
                    ..
                } => Err(LlmError::Refused),
                // The model returned only thoughts.
                Chunk::Finished { .. } => Err(LlmError::Empty),
                first @ Chunk::Delta(_) => Ok((first, stream)),
            }
        });
        let (first, rest) = match begun.await.unwrap_or(Err(LlmError::FirstTokenTimeout)) {
            Ok(begun) => begun,
            Err(error) => {
                permit.failed_by(due, &error);
                attempts.end(error.kind(), Usage::default());
                return Err(error);
            }
        };
        permit.began();
        attempts.first_token();
        Ok(Serving {
            provider: link.model.provider(),
            model: link.model.model().to_owned(),
            fallback: false,
            stream: self.guard(first, rest, permit, attempts),
        })
    }

    /// Enforces the idle and total deadlines and exactly one terminal item; reports the end to
    /// breaker and attempt.
    fn guard(
        &self,
        first: Chunk,
        rest: ChunkStream,
        permit: Permit,
        attempts: Arc<dyn Attempts>,
    ) -> ChunkStream {
        let idle = Duration::from_millis(self.deadlines.idle_ms);
        let end = Instant::now() + Duration::from_millis(self.deadlines.total_ms);
        let state = (Some(first), Some((rest, permit, attempts)));
        Box::pin(stream::unfold(state, move |(first, open)| async move {
            let (mut rest, permit, attempts) = open?;
            let due = end.min(Instant::now() + idle);
            let item = match first {
                Some(chunk) => Ok(chunk),
                None => next_within(&mut rest, idle, end).await,
            };
            // Dropping the upstream closes its connection.
            let open = match &item {
                Ok(Chunk::Delta(_)) => Some((rest, permit, attempts)),
                Ok(Chunk::Finished { usage, finish }) => {
                    permit.completed();
                    attempts.end(finish.as_str(), *usage);
                    None
                }
                Err(error) => {
                    permit.failed_by(due, error);
                    attempts.end(error.kind(), Usage::default());
                    None
                }
            };
            Some((item, (None, open)))
        }))
    }
}

/// Reports a request that a working provider refuses, because the operator has to correct it.
fn report(link: &Link, error: &LlmError) {
    let (provider, model) = (link.model.provider(), link.model.model());
    match error {
        LlmError::ParameterRefused { parameter } => tracing::error!(
            llm.provider = provider,
            llm.model = model,
            llm.parameter = parameter,
            error.kind = error.kind(),
            "the model does not accept a parameter; set it under llm.<provider>.parameters"
        ),
        LlmError::ModelNotFound => tracing::error!(
            llm.provider = provider,
            llm.model = model,
            error.kind = error.kind(),
            "the provider has no such model; `chatbot models check` says which it has"
        ),
        error => tracing::warn!(
            llm.provider = provider,
            error.kind = error.kind(),
            "provider failed before its first token"
        ),
    }
}

/// Returns this attempt's share of the time until `end`, if `ahead` more providers may need theirs.
fn share(end: Instant, ahead: usize) -> Duration {
    let parts = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
    end.saturating_duration_since(Instant::now()) / parts
}

/// Returns the pause before the same provider is called again; `None` if that would not help.
fn pause_before_retry(error: &LlmError) -> Option<Duration> {
    match (error.retry_after(), error) {
        (Some(asked), _) => (asked <= LONGEST_RETRY_AFTER).then_some(asked),
        (None, LlmError::Overloaded { .. } | LlmError::Transport | LlmError::Truncated) => {
            Some(RETRY_PAUSE)
        }
        (None, _) => None,
    }
}

async fn next_within(
    stream: &mut ChunkStream,
    idle: Duration,
    end: Instant,
) -> Result<Chunk, LlmError> {
    match timeout_at(end, timeout(idle, stream.next())).await {
        Err(_) => Err(LlmError::TotalTimeout),
        Ok(Err(_)) => Err(LlmError::IdleTimeout),
        Ok(Ok(None)) => Err(LlmError::Truncated),
        Ok(Ok(Some(item))) => item,
    }
}

#[cfg(test)]
mod tests;
