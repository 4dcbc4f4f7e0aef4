//! Any server that speaks OpenAI's chat completions: Gemini's compatible endpoint, Ollama, vLLM.
//!
//! async-openai reads through an unbounded channel and goes on after an error, so this stops at
//! the first error and drops its stream; deadlines are the chain's. Its own retries are off: the
//! chain holds the only retry loop.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, CreateChatCompletionRequest, CreateChatCompletionStreamResponse,
    FinishReason as WireFinish,
};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use secrecy::ExposeSecret;

use super::{
    ChatModel, Chunk, ChunkStream, FinishReason, LlmConfig, LlmError, Prompt, ProviderConfig, Role,
    Usage,
};

/// An OpenAI-compatible provider.
pub struct OpenAiCompatible {
    provider: &'static str,
    model: String,
    client: Client<OpenAIConfig>,
    max_output_tokens: u32,
    temperature: f32,
}

impl OpenAiCompatible {
    pub(super) fn new(
        provider: &'static str,
        settings: &ProviderConfig,
        config: &LlmConfig,
        http: &reqwest::Client,
    ) -> Self {
        let key = settings
            .api_key
            .as_ref()
            .map_or("", |key| key.expose_secret());
        let mut wire = OpenAIConfig::new().with_api_key(key);
        if !settings.base_url.is_empty() {
            wire = wire.with_api_base(settings.base_url.trim_end_matches('/'));
        }
        Self {
            provider,
            model: settings.model.clone(),
            client: Client::with_config(wire).with_http_service(ReqwestService::new(http.clone())),
            max_output_tokens: config.max_output_tokens,
            temperature: config.temperature,
        }
    }

    fn request(&self, prompt: &Prompt) -> CreateChatCompletionRequest {
        let system = ChatCompletionRequestSystemMessage::from(prompt.system.as_str());
        let mut messages = vec![ChatCompletionRequestMessage::from(system)];
        messages.extend(prompt.messages.iter().map(|message| match message.role {
            Role::User => ChatCompletionRequestUserMessage::from(message.content.as_str()).into(),
            Role::Assistant => {
                ChatCompletionRequestAssistantMessage::from(message.content.as_str()).into()
            }
        }));
        // `max_tokens` is deprecated at OpenAI itself, but it is what compatible servers know.
        #[expect(deprecated, reason = "compatible servers know only max_tokens")]
        CreateChatCompletionRequest {
            model: self.model.clone(),
            messages,
            max_tokens: Some(self.max_output_tokens),
            temperature: Some(self.temperature),
            stream_options: Some(ChatCompletionStreamOptions {
                include_usage: Some(true),
                ..Default::default()
            }),
            ..Default::default()
        }
    }
}

#[async_trait]
impl ChatModel for OpenAiCompatible {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn stream(&self, prompt: &Prompt) -> Result<ChunkStream, LlmError> {
        let upstream = self
            .client
            .chat()
            .create_stream(self.request(prompt))
            .await
            .map_err(|error| from_wire(&error))?;
        let state = (Some(upstream), Progress::default());
        Ok(Box::pin(stream::unfold(
            state,
            async |(upstream, mut progress)| {
                let mut upstream = upstream?;
                loop {
                    match upstream.next().await {
                        Some(Ok(event)) => {
                            if let Some(text) = progress.take(event) {
                                return Some((Ok(Chunk::Delta(text)), (Some(upstream), progress)));
                            }
                        }
                        Some(Err(error)) => {
                            return Some((Err(from_wire(&error)), (None, progress)));
                        }
                        None => return Some((progress.end(), (None, progress))),
                    }
                }
            },
        )))
    }
}

/// What the stream has said so far besides text.
#[derive(Default)]
struct Progress {
    finish: Option<FinishReason>,
    usage: Usage,
}

impl Progress {
    /// Notes finish reason and usage; returns text if there is some.
    fn take(&mut self, event: CreateChatCompletionStreamResponse) -> Option<String> {
        if let Some(usage) = event.usage {
            self.usage = Usage {
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
            };
        }
        let choice = event.choices.into_iter().next()?;
        if let Some(finish) = choice.finish_reason {
            self.finish = Some(match finish {
                WireFinish::Stop => FinishReason::Stop,
                WireFinish::Length => FinishReason::Length,
                _ => FinishReason::Other,
            });
        }
        choice.delta.content.filter(|text| !text.is_empty())
    }

    /// The stream closed: complete only if a finish reason came.
    fn end(&self) -> Result<Chunk, LlmError> {
        self.finish
            .map(|finish| Chunk::Finished {
                usage: self.usage,
                finish,
            })
            .ok_or(LlmError::Truncated)
    }
}

fn from_wire(error: &OpenAIError) -> LlmError {
    match error {
        OpenAIError::ApiError(response) => {
            LlmError::from_status(response.status_code.as_u16(), None)
        }
        OpenAIError::Reqwest(error) => error.status().map_or(LlmError::Transport, |status| {
            LlmError::from_status(status.as_u16(), None)
        }),
        OpenAIError::JSONDeserialize(..) | OpenAIError::StreamError(_) => LlmError::Malformed,
        _ => LlmError::Transport,
    }
}
