//! Providers in order, under one retry loop, with deadlines around every stream.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout, timeout_at};

use super::anthropic::Anthropic;
use super::openai::OpenAiCompatible;
use super::{
    ChatModel, Chunk, ChunkStream, DeadlinesConfig, Extractive, LlmConfig, LlmError, Prompt,
    ProviderKind,
};

/// At most this many calls to language models for one answer.
const MAX_ATTEMPTS: u8 = 3;
/// A `Retry-After` longer than this means: the next provider.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(2);

/// The configured providers.
pub struct ProviderChain {
    models: Vec<Arc<dyn ChatModel>>,
    deadlines: DeadlinesConfig,
}

/// A provider that has begun to answer.
pub struct Serving {
    pub provider: &'static str,
    pub model: String,
    /// `llm` or `extractive`.
    pub rung: &'static str,
    pub stream: ChunkStream,
}

impl ProviderChain {
    /// A chain of these models.
    pub fn new(models: Vec<Arc<dyn ChatModel>>, deadlines: DeadlinesConfig) -> Self {
        Self { models, deadlines }
    }

    /// The configured providers that have what they need.
    pub fn from_config(config: &LlmConfig) -> Result<Self, LlmError> {
        let connect = Duration::from_millis(config.deadlines.connect_ms);
        let http = reqwest::Client::builder()
            .connect_timeout(connect)
            .build()
            .map_err(|_| LlmError::Transport)?;
        let mut models: Vec<Arc<dyn ChatModel>> = Vec::new();
        for kind in &config.providers {
            match kind {
                ProviderKind::Gemini if config.gemini.api_key.is_some() => {
                    let model = OpenAiCompatible::new("gemini", &config.gemini, config, &http);
                    models.push(Arc::new(model));
                }
                ProviderKind::Anthropic if config.anthropic.api_key.is_some() => {
                    models.push(Arc::new(Anthropic::new(config, &http)));
                }
                ProviderKind::Openai
                    if config.openai.api_key.is_some() || !config.openai.base_url.is_empty() =>
                {
                    let model = OpenAiCompatible::new("openai", &config.openai, config, &http);
                    models.push(Arc::new(model));
                }
                ProviderKind::Extractive => models.push(Arc::new(Extractive)),
                ProviderKind::Gemini | ProviderKind::Anthropic | ProviderKind::Openai => {}
            }
        }
        Ok(Self::new(models, config.deadlines))
    }

    /// The providers in their order, as `provider/model`.
    pub fn names(&self) -> Vec<String> {
        self.models
            .iter()
            .map(|model| format!("{}/{}", model.provider(), model.model()))
            .collect()
    }

    /// The first provider whose first chunk arrives. Falls back only before that.
    pub async fn stream(&self, prompt: &Prompt) -> Result<Serving, LlmError> {
        let mut attempts = 0;
        for model in &self.models {
            let extractive = model.provider() == "extractive";
            let mut retried = false;
            loop {
                if !extractive {
                    if attempts == MAX_ATTEMPTS {
                        break;
                    }
                    attempts += 1;
                }
                let error = match self.begin(model.as_ref(), prompt).await {
                    Ok(serving) => return Ok(serving),
                    Err(error) => error,
                };
                tracing::warn!(
                    llm.provider = model.provider(),
                    error.kind = error.kind(),
                    "provider failed before its first token"
                );
                let LlmError::RateLimited {
                    retry_after: Some(wait),
                } = error
                else {
                    break;
                };
                if retried || wait > LONGEST_RETRY_AFTER {
                    break;
                }
                retried = true;
                tokio::time::sleep(wait).await;
            }
        }
        Err(LlmError::Exhausted)
    }

    async fn begin(&self, model: &dyn ChatModel, prompt: &Prompt) -> Result<Serving, LlmError> {
        let first_token = Duration::from_millis(self.deadlines.first_token_ms);
        let (first, rest) = timeout(first_token, async {
            let mut stream = model.stream(prompt).await?;
            let first = stream.next().await.ok_or(LlmError::Truncated)??;
            Ok::<_, LlmError>((first, stream))
        })
        .await
        .map_err(|_| LlmError::FirstTokenTimeout)??;
        Ok(Serving {
            provider: model.provider(),
            model: model.model().to_owned(),
            rung: if model.provider() == "extractive" {
                "extractive"
            } else {
                "llm"
            },
            stream: self.guard(first, rest),
        })
    }

    /// Idle and total deadlines, one terminal item, nothing after it.
    fn guard(&self, first: Chunk, rest: ChunkStream) -> ChunkStream {
        let idle = Duration::from_millis(self.deadlines.idle_ms);
        let end = Instant::now() + Duration::from_millis(self.deadlines.total_ms);
        let state = (Some(first), Some(rest));
        Box::pin(stream::unfold(state, move |(first, rest)| async move {
            let mut rest: ChunkStream = rest?;
            let item = match first {
                Some(chunk) => Ok(chunk),
                None => next_within(&mut rest, idle, end).await,
            };
            let ended = !matches!(item, Ok(Chunk::Delta(_)));
            // Dropping the upstream here closes its connection.
            Some((item, (None, (!ended).then_some(rest))))
        }))
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
mod tests {
    use super::super::scripted::Scripted;
    use super::super::{FinishReason, Usage};
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "a step may also be a hang")]
    fn delta(text: &str) -> Option<Result<Chunk, LlmError>> {
        Some(Ok(Chunk::Delta(text.into())))
    }

    #[expect(clippy::unnecessary_wraps, reason = "a step may also be a hang")]
    fn finished() -> Option<Result<Chunk, LlmError>> {
        Some(Ok(Chunk::Finished {
            usage: Usage::default(),
            finish: FinishReason::Stop,
        }))
    }

    async fn run(
        scripts: Vec<Vec<Option<Result<Chunk, LlmError>>>>,
    ) -> Result<Vec<Result<Chunk, LlmError>>, LlmError> {
        let models = scripts
            .into_iter()
            .map(|steps| Arc::new(Scripted { steps }) as Arc<dyn ChatModel>)
            .collect();
        let chain = ProviderChain::new(models, DeadlinesConfig::default());
        let serving = chain.stream(&Prompt::default()).await?;
        Ok(serving.stream.collect().await)
    }

    #[tokio::test(start_paused = true)]
    async fn falls_back_before_the_first_token() {
        let items = run(vec![
            vec![Some(Err(LlmError::Overloaded { status: 500 }))],
            vec![delta("b"), finished()],
        ])
        .await
        .unwrap();
        assert_eq!(items[0], Ok(Chunk::Delta("b".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_provider_gives_way_to_the_next() {
        let items = run(vec![vec![None], vec![delta("b"), finished()]])
            .await
            .unwrap();
        assert_eq!(items.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn never_falls_back_after_the_first_token() {
        let items = run(vec![
            vec![delta("a"), Some(Err(LlmError::Transport)), delta("x")],
            vec![delta("b"), finished()],
        ])
        .await
        .unwrap();
        assert_eq!(
            items,
            [Ok(Chunk::Delta("a".into())), Err(LlmError::Transport)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_end_is_truncation() {
        let items = run(vec![vec![delta("a")]]).await.unwrap();
        assert_eq!(items.last(), Some(&Err(LlmError::Truncated)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_noticed() {
        let items = run(vec![vec![delta("a"), None]]).await.unwrap();
        assert_eq!(items.last(), Some(&Err(LlmError::IdleTimeout)));
    }

    #[tokio::test(start_paused = true)]
    async fn three_attempts_at_most() {
        let failing = || vec![Some(Err(LlmError::Transport))];
        let error = run(vec![
            failing(),
            failing(),
            failing(),
            vec![delta("d"), finished()],
        ])
        .await;
        assert_eq!(error.unwrap_err(), LlmError::Exhausted);
    }
}
