//! Anthropic's native Messages API, streaming.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{self, Capabilities};
use super::wire::Events;
use super::{
    ChatModel, Chunk, ChunkStream, FinishReason, LlmConfig, LlmError, Prompt, ProviderConfig,
    ProviderKind, Role, Usage, wire,
};

const API_VERSION: &str = "2023-06-01";

/// Anthropic's models, over the native API.
pub struct Anthropic {
    http: reqwest::Client,
    url: String,
    key: SecretString,
    model: String,
    capabilities: Capabilities,
    max_output_tokens: u32,
    temperature: f32,
}

/// Returns the address of one of the API's resources.
pub(super) fn url(settings: &ProviderConfig, resource: &str) -> String {
    format!("{}/v1/{resource}", settings.base_url.trim_end_matches('/'))
}

/// Adds the key and the version of the API.
pub(super) fn authorised(request: RequestBuilder, key: &SecretString) -> RequestBuilder {
    request
        .header("x-api-key", key.expose_secret())
        .header("anthropic-version", API_VERSION)
}

impl Anthropic {
    pub(super) fn new(config: &LlmConfig, http: &reqwest::Client) -> Self {
        let settings = &config.anthropic;
        Self {
            http: http.clone(),
            url: url(settings, "messages"),
            key: settings.api_key.clone().unwrap_or_default(),
            model: settings.model.clone(),
            capabilities: capabilities::of(
                ProviderKind::Anthropic,
                &settings.model,
                false,
                &settings.parameters,
            ),
            max_output_tokens: config.max_output_tokens,
            temperature: config.temperature,
        }
    }

    fn body(&self, prompt: &Prompt) -> Value {
        let messages: Vec<Value> = prompt
            .messages
            .iter()
            .map(|message| {
                let role = match message.role {
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                json!({ "role": role, "content": message.content })
            })
            .collect();
        let asked = &self.capabilities;
        let mut body = json!({
            "model": self.model,
            "system": prompt.system,
            "messages": messages,
            "max_tokens": self.max_output_tokens.saturating_add(asked.thinking_tokens),
            "stream": true,
        });
        let optional = [
            (
                "temperature",
                asked.temperature.then(|| json!(self.temperature)),
            ),
            (
                "thinking",
                asked.thinking.as_str().map(|kind| json!({ "type": kind })),
            ),
            (
                "output_config",
                asked
                    .effort
                    .as_str()
                    .map(|effort| json!({ "effort": effort })),
            ),
        ];
        if let Some(body) = body.as_object_mut() {
            body.extend(
                optional
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?))),
            );
        }
        body
    }
}

/// The events that matter here; others are ignored, as the API requires of its clients.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Started,
    },
    ContentBlockStart {
        content_block: Piece,
    },
    ContentBlockDelta {
        delta: Piece,
    },
    MessageDelta {
        delta: Stopped,
        #[serde(default)]
        usage: WireUsage,
    },
    MessageStop,
    Error {
        error: WireError,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Started {
    #[serde(default)]
    usage: WireUsage,
}

/// The start of a block, or a piece of it. Thoughts, their signatures and tool calls are blocks of
/// other types, which are not shown.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece {
    #[serde(alias = "text_delta")]
    Text { text: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Stopped {
    stop_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireUsage {
    input_tokens: Option<u32>,
    output_tokens: Option<u32>,
}

#[derive(Deserialize)]
struct WireError {
    r#type: String,
}

#[derive(Default)]
struct Progress {
    usage: Usage,
    finish: Option<FinishReason>,
}

impl Progress {
    /// Returns the item of an event, if there is one.
    fn take(&mut self, data: &str) -> Option<Result<Chunk, LlmError>> {
        match serde_json::from_str(data) {
            Err(_) => Some(Err(LlmError::Malformed)),
            Ok(Event::MessageStart { message }) => {
                self.count(&message.usage);
                None
            }
            Ok(
                Event::ContentBlockStart {
                    content_block: piece,
                }
                | Event::ContentBlockDelta { delta: piece },
            ) => match piece {
                Piece::Text { text } if !text.is_empty() => Some(Ok(Chunk::Delta(text))),
                Piece::Text { .. } | Piece::Other => None,
            },
            Ok(Event::MessageDelta { delta, usage }) => {
                self.count(&usage);
                self.finish = delta.stop_reason.map(|reason| match reason.as_str() {
                    "end_turn" | "stop_sequence" => FinishReason::Stop,
                    "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
                    "refusal" => FinishReason::Refusal,
                    _ => FinishReason::Other,
                });
                None
            }
            Ok(Event::MessageStop) => {
                Some(self.finish.map_or(Err(LlmError::Truncated), |finish| {
                    Ok(Chunk::Finished {
                        usage: self.usage,
                        finish,
                    })
                }))
            }
            Ok(Event::Error { error }) => Some(Err(from_error(&error.r#type))),
            Ok(Event::Other) => None,
        }
    }

    fn count(&mut self, usage: &WireUsage) {
        self.usage.input_tokens = usage.input_tokens.or(self.usage.input_tokens);
        self.usage.output_tokens = usage.output_tokens.or(self.usage.output_tokens);
    }
}

impl ChatModel for Anthropic {
    fn provider(&self) -> &'static str {
        "anthropic"
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn stream(&self, prompt: &Prompt) -> BoxFuture<'_, Result<ChunkStream, LlmError>> {
        let request = authorised(self.http.post(&self.url), &self.key);
        let opened = wire::open(wire::with_json(request, &self.body(prompt)));
        opened.map(|events| Ok(chunks(events?))).boxed()
    }
}

/// Reads the events of an answer.
fn chunks(events: Events) -> ChunkStream {
    let state = (Some(events), Progress::default());
    Box::pin(stream::unfold(state, async |(events, mut progress)| {
        let mut events = events?;
        loop {
            let item = match events.next().await {
                None => Some(Err(LlmError::Truncated)),
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(data)) => progress.take(&data),
            };
            match item {
                None => {}
                Some(Ok(delta @ Chunk::Delta(_))) => {
                    return Some((Ok(delta), (Some(events), progress)));
                }
                Some(last) => return Some((last, (None, progress))),
            }
        }
    }))
}

/// Maps an error inside a stream to the error of the corresponding status.
fn from_error(kind: &str) -> LlmError {
    let status = match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" => 403,
        "rate_limit_error" => 429,
        "overloaded_error" => 529,
        _ => 500,
    };
    LlmError::from_status(status, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_complete_only_with_its_stop_reason() {
        let mut progress = Progress::default();
        assert!(progress.take(r#"{"type":"ping"}"#).is_none());
        assert!(
            progress
                .take(r#"{"type":"message_start","message":{"usage":{"input_tokens":7}}}"#)
                .is_none()
        );
        assert_eq!(
            progress.take(
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#
            ),
            Some(Ok(Chunk::Delta("Hi".into())))
        );
        assert_eq!(
            Progress::default().take(r#"{"type":"message_stop"}"#),
            Some(Err(LlmError::Truncated))
        );
        progress.take(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#);
        assert_eq!(
            progress.take(r#"{"type":"message_stop"}"#),
            Some(Ok(Chunk::Finished {
                usage: Usage {
                    input_tokens: Some(7),
                    output_tokens: Some(3)
                },
                finish: FinishReason::Stop,
            }))
        );
    }

    #[test]
    fn only_text_blocks_are_shown() {
        let take = |data: &str| Progress::default().take(data);
        for other in [
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"The leaflet says"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"c2ln"}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"a_delta_of_next_year","text":"x"}}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
        ] {
            assert!(take(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_refusal_is_no_end_like_others() {
        let mut progress = Progress::default();
        progress.take(r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"category":"medical"}},"usage":{"output_tokens":1}}"#);
        assert!(matches!(
            progress.take(r#"{"type":"message_stop"}"#),
            Some(Ok(Chunk::Finished {
                finish: FinishReason::Refusal,
                ..
            }))
        ));
    }

    #[test]
    fn an_error_inside_a_200_is_an_error() {
        assert_eq!(
            Progress::default().take(r#"{"type":"error","error":{"type":"overloaded_error"}}"#),
            Some(Err(LlmError::from_status(529, None)))
        );
    }
}
