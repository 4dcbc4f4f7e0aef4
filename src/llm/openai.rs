//! Any server that speaks OpenAI's chat completions: Gemini's compatible endpoint, Ollama, vLLM.
//!
//! async-openai gives the types of a request. Its client is not used: it reads streams into an
//! unbounded channel from a task of its own, loses `Retry-After`, logs bodies that may quote
//! prompt or answer, and takes settings from the environment. Events are read leniently, because
//! compatible servers leave out fields and invent values.

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::{
    ChatModel, Chunk, ChunkStream, FinishReason, LlmConfig, LlmError, Prompt, ProviderConfig, Role,
    Usage, wire,
};

/// Where OpenAI itself is.
const OPENAI: &str = "https://api.openai.com/v1";

/// An OpenAI-compatible provider.
pub struct OpenAiCompatible {
    provider: &'static str,
    model: String,
    http: reqwest::Client,
    url: String,
    key: SecretString,
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
        let base = match settings.base_url.trim_end_matches('/') {
            "" => OPENAI,
            base => base,
        };
        Self {
            provider,
            model: settings.model.clone(),
            http: http.clone(),
            url: format!("{base}/chat/completions"),
            key: settings.api_key.clone().unwrap_or_default(),
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
            stream: Some(true),
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
        let mut request = self.http.post(&self.url).json(&self.request(prompt));
        // A server of one's own may want no key.
        if !self.key.expose_secret().is_empty() {
            request = request.bearer_auth(self.key.expose_secret());
        }
        let events = wire::open(request).await?;
        let state = (Some(events), Progress::default());
        Ok(Box::pin(stream::unfold(
            state,
            async |(events, mut progress)| {
                let mut events = events?;
                let last = loop {
                    match events.next().await {
                        None => break progress.end(),
                        Some(Err(error)) => break Err(error),
                        Some(Ok(data)) if data == "[DONE]" => break progress.end(),
                        Some(Ok(data)) => match progress.take(&data) {
                            Err(error) => break Err(error),
                            Ok(None) => {}
                            Ok(Some(text)) => {
                                return Some((Ok(Chunk::Delta(text)), (Some(events), progress)));
                            }
                        },
                    }
                };
                Some((last, (None, progress)))
            },
        )))
    }
}

/// What matters of a `chat.completion.chunk`.
#[derive(Deserialize)]
struct Event {
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// What the stream has said so far besides text.
#[derive(Default)]
struct Progress {
    finish: Option<FinishReason>,
    usage: Usage,
}

impl Progress {
    /// Notes finish reason and usage; returns text if there is some.
    fn take(&mut self, data: &str) -> Result<Option<String>, LlmError> {
        let event: Event = serde_json::from_str(data).map_err(|_| LlmError::Malformed)?;
        if let Some(error) = event.error {
            return Err(from_error(&error));
        }
        if let Some(usage) = event.usage {
            self.usage = Usage {
                input_tokens: usage.prompt_tokens.or(self.usage.input_tokens),
                output_tokens: usage.completion_tokens.or(self.usage.output_tokens),
            };
        }
        let Some(choice) = event.choices.unwrap_or_default().into_iter().next() else {
            return Ok(None);
        };
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("stop") => self.finish = Some(FinishReason::Stop),
            Some("length") => self.finish = Some(FinishReason::Length),
            Some(_) => self.finish = Some(FinishReason::Other),
        }
        let text = choice.delta.and_then(|delta| delta.content);
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The stream ended: complete only if a finish reason came.
    fn end(&self) -> Result<Chunk, LlmError> {
        self.finish
            .map(|finish| Chunk::Finished {
                usage: self.usage,
                finish,
            })
            .ok_or(LlmError::Truncated)
    }
}

/// An error object inside a stream that began with status 200: its code is a status (Gemini,
/// llama.cpp) or a word (OpenAI).
fn from_error(error: &Value) -> LlmError {
    let code = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = error.get("code").and_then(Value::as_u64);
    let status = match number.and_then(|number| u16::try_from(number).ok()) {
        Some(status) => status,
        None if [code("code"), code("type")]
            .iter()
            .any(|word| word.starts_with("rate_limit") || *word == "insufficient_quota") =>
        {
            429
        }
        None if code("type") == "invalid_request_error" => 400,
        None => 500,
    };
    LlmError::from_status(status, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(data: &str) -> Result<Option<String>, LlmError> {
        Progress::default().take(data)
    }

    #[test]
    fn what_a_server_leaves_out_or_invents_does_no_harm() {
        assert_eq!(take("{}"), Ok(None));
        assert_eq!(
            take(r#"{"choices":null,"usage":null,"error":null}"#),
            Ok(None)
        );
        assert_eq!(
            take(
                r#"{"choices":[{"delta":{"content":"Hi","role":"model"},"finish_reason":""}],"service_tier":"x"}"#
            ),
            Ok(Some("Hi".into()))
        );
        let mut progress = Progress::default();
        assert_eq!(progress.end(), Err(LlmError::Truncated));
        progress
            .take(r#"{"choices":[{"delta":null,"finish_reason":"safety"}]}"#)
            .unwrap();
        assert!(matches!(
            progress.end(),
            Ok(Chunk::Finished {
                finish: FinishReason::Other,
                ..
            })
        ));
    }

    #[test]
    fn an_error_object_says_what_kind_it_is() {
        let kind = |data: &str| take(data).unwrap_err().kind();
        assert_eq!(
            kind(r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#),
            "rate_limited"
        );
        assert_eq!(
            kind(r#"{"error":{"code":"rate_limit_exceeded"}}"#),
            "rate_limited"
        );
        assert_eq!(
            kind(r#"{"error":{"type":"invalid_request_error","code":null}}"#),
            "rejected"
        );
        assert_eq!(kind(r#"{"error":{"code":401}}"#), "unauthorized");
        assert_eq!(kind(r#"{"error":"?"}"#), "overloaded");
        assert_eq!(kind("<html>"), "malformed");
    }
}
