//! Any server with OpenAI's chat completions, for example Gemini's compatible endpoint, Ollama or
//! vLLM.
//!
//! async-openai provides the types of a request. Its client is not used, because it reads streams
//! into an unbounded channel from a task of its own, loses `Retry-After`, logs bodies that may
//! quote prompt or answer, and takes settings from the environment. Events are parsed leniently,
//! because compatible servers omit fields and invent values.

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, CreateChatCompletionRequest, ReasoningEffort,
};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::capabilities::{self, Capabilities};
use super::parameters::{Effort, OutputLimit};
use super::wire::Events;
use super::{
    ChatModel, Chunk, ChunkStream, FinishReason, LlmConfig, LlmError, Prompt, ProviderConfig,
    ProviderKind, Role, Usage, wire,
};

/// The address of OpenAI itself.
const OPENAI: &str = "https://api.openai.com/v1";

/// An OpenAI-compatible provider.
pub struct OpenAiCompatible {
    provider: &'static str,
    model: String,
    http: reqwest::Client,
    url: String,
    key: SecretString,
    capabilities: Capabilities,
    max_output_tokens: u32,
    temperature: f32,
}

/// Returns the provider's address: its own, unless another one is configured.
pub(super) fn base(settings: &ProviderConfig) -> &str {
    match settings.base_url.trim_end_matches('/') {
        "" => OPENAI,
        base => base,
    }
}

/// Adds the key; a private server may need none.
pub(super) fn authorised(request: RequestBuilder, key: &SecretString) -> RequestBuilder {
    match key.expose_secret() {
        "" => request,
        key => request.bearer_auth(key),
    }
}

impl OpenAiCompatible {
    /// `kind` is [`ProviderKind::Gemini`] or [`ProviderKind::Openai`].
    pub(super) fn new(kind: ProviderKind, config: &LlmConfig, http: &reqwest::Client) -> Self {
        let settings = if kind == ProviderKind::Gemini {
            &config.gemini
        } else {
            &config.openai
        };
        let base = base(settings);
        let own_server = base != OPENAI;
        Self {
            provider: kind.as_str(),
            model: settings.model.clone(),
            http: http.clone(),
            url: format!("{base}/chat/completions"),
            key: settings.api_key.clone().unwrap_or_default(),
            capabilities: capabilities::of(kind, &settings.model, own_server, &settings.parameters),
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
        let asked = &self.capabilities;
        let limit = self.max_output_tokens.saturating_add(asked.thinking_tokens);
        let limit_as = |name| (asked.output_limit == name).then_some(limit);
        #[expect(deprecated, reason = "compatible servers know only max_tokens")]
        CreateChatCompletionRequest {
            model: self.model.clone(),
            messages,
            max_tokens: limit_as(OutputLimit::MaxTokens),
            max_completion_tokens: limit_as(OutputLimit::MaxCompletionTokens),
            temperature: asked.temperature.then_some(self.temperature),
            reasoning_effort: effort(asked.effort),
            stream: Some(true),
            stream_options: Some(ChatCompletionStreamOptions {
                include_usage: Some(true),
                ..Default::default()
            }),
            ..Default::default()
        }
    }
}

fn effort(effort: Effort) -> Option<ReasoningEffort> {
    Some(match effort {
        Effort::Omit => return None,
        Effort::None => ReasoningEffort::None,
        Effort::Minimal => ReasoningEffort::Minimal,
        Effort::Low => ReasoningEffort::Low,
        Effort::Medium => ReasoningEffort::Medium,
        Effort::High => ReasoningEffort::High,
    })
}

impl ChatModel for OpenAiCompatible {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn stream(&self, prompt: &Prompt) -> BoxFuture<'_, Result<ChunkStream, LlmError>> {
        let request = wire::with_json(self.http.post(&self.url), &self.request(prompt));
        let opened = wire::open(authorised(request, &self.key));
        opened.map(|events| Ok(chunks(events?))).boxed()
    }
}

/// Reads the events of an answer.
fn chunks(events: Events) -> ChunkStream {
    let state = (Some(events), Progress::default());
    Box::pin(stream::unfold(state, async |(events, mut progress)| {
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
    }))
}

/// The fields of a `chat.completion.chunk` that matter.
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

/// A piece of the answer. Thoughts have fields of their own (`reasoning_content`, `reasoning`,
/// signatures), which are not read; Gemini may mark a piece of `content` as a thought.
#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    /// The words with which the model declines, instead of `content`.
    refusal: Option<String>,
    extra_content: Option<ExtraContent>,
}

#[derive(Deserialize)]
struct ExtraContent {
    google: Option<GoogleContent>,
}

#[derive(Deserialize)]
struct GoogleContent {
    thought: Option<bool>,
}

impl Delta {
    fn is_thought(&self) -> bool {
        let google = self
            .extra_content
            .as_ref()
            .and_then(|extra| extra.google.as_ref());
        google.and_then(|google| google.thought) == Some(true)
    }
}

#[derive(Deserialize)]
struct WireUsage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// The state of the stream besides its text.
#[derive(Default)]
struct Progress {
    finish: Option<FinishReason>,
    refused: bool,
    usage: Usage,
}

impl Progress {
    /// Records finish reason and usage; returns the text, if there is any.
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
            Some("content_filter" | "refusal" | "safety") => {
                self.finish = Some(FinishReason::Refusal);
            }
            Some(_) => self.finish = Some(FinishReason::Other),
        }
        let Some(delta) = choice.delta else {
            return Ok(None);
        };
        // A refusal also ends with `stop`; its words are the model's own and are not shown.
        self.refused |= delta
            .refusal
            .as_ref()
            .is_some_and(|words| !words.is_empty());
        let thought = delta.is_thought();
        Ok(delta.content.filter(|text| !text.is_empty() && !thought))
    }

    /// Handles the end of the stream, which is complete only after a finish reason.
    fn end(&self) -> Result<Chunk, LlmError> {
        self.finish
            .map(|finish| Chunk::Finished {
                usage: self.usage,
                finish: if self.refused {
                    FinishReason::Refusal
                } else {
                    finish
                },
            })
            .ok_or(LlmError::Truncated)
    }
}

/// Maps an error object inside a stream that started with status 200. Its code is a status (Gemini,
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
                finish: FinishReason::Refusal,
                ..
            })
        ));
    }

    #[test]
    fn thoughts_are_no_answer() {
        for thought in [
            r#"{"choices":[{"delta":{"reasoning_content":"The leaflet says"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning":"The leaflet says","content":null}}]}"#,
            r#"{"choices":[{"delta":{"content":"The leaflet says","extra_content":{"google":{"thought":true}}}}]}"#,
            r#"{"choices":[{"delta":{"content":"","extra_content":{"google":{"thought_signature":"c2ln"}}}}]}"#,
        ] {
            assert_eq!(take(thought), Ok(None), "{thought}");
        }
        let signed = r#"{"choices":[{"delta":{"content":"Hi","extra_content":{"google":{"thought_signature":"c2ln"}}}}]}"#;
        assert_eq!(take(signed), Ok(Some("Hi".into())));
    }

    #[test]
    fn a_refusal_is_one_although_it_ends_with_stop() {
        let mut progress = Progress::default();
        let words = r#"{"choices":[{"delta":{"refusal":"I cannot help with that."}}]}"#;
        assert_eq!(progress.take(words), Ok(None));
        progress
            .take(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#)
            .unwrap();
        assert!(matches!(
            progress.end(),
            Ok(Chunk::Finished {
                finish: FinishReason::Refusal,
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
