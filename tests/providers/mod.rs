//! Providers and how they fail: the chain over HTTP, the whole system, a real model.

mod answers;
mod cancelling;
mod completions;
mod cut;
mod failures;
mod grounding;
mod ladder;
mod ledger;
mod matrix;
mod models;
mod real;
mod secrecy;
mod streaming;
mod unanswered;

use std::sync::Arc;

use async_trait::async_trait;
use chatbot::llm::{
    Attempts, Chunk, FinishReason, LlmConfig, LlmError, Prompt, PromptMessage, ProviderChain,
    ProviderKind, Role, Serving, Usage,
};
use futures::StreamExt;

use crate::support::provider::{Dialect, Provider, Script};

/// No provider yet.
fn nobody() -> LlmConfig {
    LlmConfig {
        providers: Vec::new(),
        ..LlmConfig::default()
    }
}

/// Adds the provider of this dialect, at this address, as the next one.
fn with(mut config: LlmConfig, dialect: Dialect, url: &str) -> LlmConfig {
    let (kind, settings) = match dialect {
        Dialect::OpenAi => (ProviderKind::Openai, &mut config.openai),
        Dialect::Anthropic => (ProviderKind::Anthropic, &mut config.anthropic),
    };
    url.clone_into(&mut settings.base_url);
    "a-model".clone_into(&mut settings.model);
    settings.api_key = Some("key-of-a-test".into());
    config.providers.push(kind);
    config
}

/// A chain of one provider.
fn alone(dialect: Dialect, provider: &Provider) -> ProviderChain {
    chain(&with(nobody(), dialect, &provider.url))
}

fn chain(config: &LlmConfig) -> ProviderChain {
    ProviderChain::from_config(config).unwrap()
}

fn other(dialect: Dialect) -> Dialect {
    match dialect {
        Dialect::OpenAi => Dialect::Anthropic,
        Dialect::Anthropic => Dialect::OpenAi,
    }
}

/// A provider of the other dialect that answers "second".
async fn second(dialect: Dialect) -> Provider {
    Provider::start([Script::answer(other(dialect), &["second"])]).await
}

fn prompt() -> Prompt {
    Prompt {
        system: "Answer.".into(),
        messages: vec![PromptMessage {
            role: Role::User,
            content: "Why?".into(),
        }],
    }
}

/// Keeps no books.
struct Unrecorded;

#[async_trait]
impl Attempts for Unrecorded {
    fn failed(&self) -> usize {
        0
    }

    async fn begin(&self, _: &'static str, _: &str) -> bool {
        true
    }

    fn first_token(&self) {}

    fn end(&self, _: &'static str, _: Usage) {}
}

async fn begin(chain: &ProviderChain) -> Result<Serving, LlmError> {
    let unrecorded: Arc<dyn Attempts> = Arc::new(Unrecorded);
    chain.stream(&prompt, &unrecorded).await
}

/// The text, and how the stream ended.
async fn read(serving: Serving) -> (String, Result<(Usage, FinishReason), LlmError>) {
    let mut text = String::new();
    let mut items = serving.stream;
    while let Some(item) = items.next().await {
        let end = match item {
            Ok(Chunk::Delta(delta)) => {
                text.push_str(&delta);
                continue;
            }
            Ok(Chunk::Finished { usage, finish }) => Ok((usage, finish)),
            Err(error) => Err(error),
        };
        assert!(items.next().await.is_none(), "something follows the end");
        return (text, end);
    }
    panic!("the stream has no end");
}

/// The answer of the chain.
async fn answer(chain: &ProviderChain) -> (String, Result<(Usage, FinishReason), LlmError>) {
    read(begin(chain).await.expect("somebody answers")).await
}
