//! Providers in order, under one retry loop, with deadlines around every stream.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::anthropic::Anthropic;
use super::breaker::{Breaker, BreakerState, Permit};
use super::openai::OpenAiCompatible;
use super::{
    BreakerConfig, ChatModel, Chunk, ChunkStream, DeadlinesConfig, Extractive, LlmConfig, LlmError,
    Prompt, ProviderKind, wire,
};

/// At most this many calls to language models for one answer.
const MAX_ATTEMPTS: usize = 3;
/// A `Retry-After` longer than this means: the next provider.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(2);
/// The pause before a provider that failed for a moment is called again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The configured providers.
pub struct ProviderChain {
    links: Vec<Link>,
    deadlines: DeadlinesConfig,
}

struct Link {
    model: Arc<dyn ChatModel>,
    breaker: Arc<Breaker>,
}

impl Link {
    /// Whether this is a call over the network.
    fn is_remote(&self) -> bool {
        self.model.provider() != "extractive"
    }
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

    /// The configured providers that have what they need.
    pub fn from_config(config: &LlmConfig) -> Result<Self, LlmError> {
        let http = wire::client(&config.deadlines)?;
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
        Ok(Self::new(models, config.deadlines, config.breaker))
    }

    /// The providers in their order, as `provider/model`.
    pub fn names(&self) -> Vec<String> {
        self.links
            .iter()
            .map(|Link { model, .. }| format!("{}/{}", model.provider(), model.model()))
            .collect()
    }

    /// Each provider and how its breaker stands, for metrics.
    pub fn breakers(&self) -> impl Iterator<Item = (&'static str, BreakerState)> {
        self.links
            .iter()
            .map(|link| (link.model.provider(), link.breaker.state()))
    }

    /// The first provider whose first chunk arrives. Falls back only before that, and tries a
    /// provider again only if no other one would go without an attempt for it.
    pub async fn stream(&self, prompt: &Prompt) -> Result<Serving, LlmError> {
        let end = Instant::now() + Duration::from_millis(self.deadlines.answer_start_ms);
        let mut left = MAX_ATTEMPTS;
        for (index, link) in self.links.iter().enumerate() {
            loop {
                if link.is_remote() && (left == 0 || Instant::now() >= end) {
                    break;
                }
                let Some(permit) = link.breaker.admit() else {
                    break;
                };
                left = left.saturating_sub(usize::from(link.is_remote()));
                let ahead = self.usable_after(index).min(left);
                let error = match self.begin(link, permit, prompt, share(end, ahead)).await {
                    Ok(serving) => return Ok(serving),
                    Err(error) => error,
                };
                tracing::warn!(
                    llm.provider = link.model.provider(),
                    error.kind = error.kind(),
                    "provider failed before its first token"
                );
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

    /// How many language models come after this one and would be called.
    fn usable_after(&self, index: usize) -> usize {
        self.links
            .iter()
            .skip(index + 1)
            .filter(|link| link.is_remote() && link.breaker.admits())
            .count()
    }

    async fn begin(
        &self,
        link: &Link,
        mut permit: Permit,
        prompt: &Prompt,
        limit: Duration,
    ) -> Result<Serving, LlmError> {
        let limit = limit.min(Duration::from_millis(self.deadlines.first_token_ms));
        let due = Instant::now() + limit;
        let begun = timeout_at(due, async {
            let mut stream = link.model.stream(prompt).await?;
            match stream.next().await.ok_or(LlmError::Truncated)?? {
                // A filter, or nothing but thoughts. The extractive model may find nothing.
                Chunk::Finished { .. } if link.is_remote() => Err(LlmError::Empty),
                first => Ok((first, stream)),
            }
        });
        let (first, rest) = match begun.await.unwrap_or(Err(LlmError::FirstTokenTimeout)) {
            Ok(begun) => begun,
            Err(error) => {
                permit.failed_by(due, &error);
                return Err(error);
            }
        };
        permit.began();
        Ok(Serving {
            provider: link.model.provider(),
            model: link.model.model().to_owned(),
            rung: if link.is_remote() {
                "llm"
            } else {
                "extractive"
            },
            stream: self.guard(first, rest, permit),
        })
    }

    /// Idle and total deadlines, one terminal item, nothing after it; the breaker learns the end.
    fn guard(&self, first: Chunk, rest: ChunkStream, permit: Permit) -> ChunkStream {
        let idle = Duration::from_millis(self.deadlines.idle_ms);
        let end = Instant::now() + Duration::from_millis(self.deadlines.total_ms);
        let state = (Some(first), Some((rest, permit)));
        Box::pin(stream::unfold(state, move |(first, open)| async move {
            let (mut rest, permit) = open?;
            let due = end.min(Instant::now() + idle);
            let item = match first {
                Some(chunk) => Ok(chunk),
                None => next_within(&mut rest, idle, end).await,
            };
            // Dropping the upstream closes its connection.
            let open = match &item {
                Ok(Chunk::Delta(_)) => Some((rest, permit)),
                Ok(Chunk::Finished { .. }) => {
                    permit.completed();
                    None
                }
                Err(error) => {
                    permit.failed_by(due, error);
                    None
                }
            };
            Some((item, (None, open)))
        }))
    }
}

/// This attempt's part of the time until `end`, if so many more providers may need theirs.
fn share(end: Instant, ahead: usize) -> Duration {
    let parts = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
    end.saturating_duration_since(Instant::now()) / parts
}

/// How soon the same provider may be called again; `None` if that would not help.
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

    type Script = Vec<Option<Result<Chunk, LlmError>>>;

    fn chain(scripts: Vec<Script>) -> ProviderChain {
        let models = scripts
            .into_iter()
            .map(|steps| Arc::new(Scripted { steps }) as Arc<dyn ChatModel>)
            .collect();
        ProviderChain::new(models, DeadlinesConfig::default(), BreakerConfig::default())
    }

    async fn run(scripts: Vec<Script>) -> Result<Vec<Result<Chunk, LlmError>>, LlmError> {
        let serving = chain(scripts).stream(&Prompt::default()).await?;
        Ok(serving.stream.collect().await)
    }

    #[tokio::test(start_paused = true)]
    async fn falls_back_before_the_first_token() {
        let items = run(vec![
            vec![Some(Err(LlmError::from_status(500, None)))],
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

    #[tokio::test(start_paused = true)]
    async fn silence_everywhere_ends_in_time_and_everybody_gets_a_chance() {
        for silent in 1..=4 {
            let begun = Instant::now();
            let error = run(vec![vec![None]; silent]).await.unwrap_err();
            assert_eq!(error, LlmError::Exhausted);
            assert!(
                begun.elapsed() <= Duration::from_secs(17),
                "{silent} silent providers"
            );
        }
        let mut scripts = vec![vec![None]; 2];
        scripts.push(vec![delta("c"), finished()]);
        assert_eq!(run(scripts).await.unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_keeps_failing_is_left_alone_for_a_while() {
        let failing = vec![delta("a"), Some(Err(LlmError::Transport))];
        let chain = chain(vec![failing, vec![delta("b"), finished()]]);
        let first = || async {
            let mut serving = chain.stream(&Prompt::default()).await.unwrap();
            let first = serving.stream.next().await;
            assert!(serving.stream.next().await.is_some());
            first
        };
        for _ in 0..5 {
            assert_eq!(first().await, delta("a"));
        }
        assert_eq!(first().await, delta("b"));
        let states: Vec<_> = chain.breakers().map(|(_, state)| state.as_str()).collect();
        assert_eq!(states, ["open", "closed"]);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(first().await, delta("a"));
        assert_eq!(first().await, delta("b"));
    }
}
