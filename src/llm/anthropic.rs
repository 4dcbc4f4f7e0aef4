//! Anthropic's native Messages API, streaming.

use async_trait::async_trait;
use futures::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ChatModel, Chunk, ChunkStream, FinishReason, LlmConfig, LlmError, Prompt, Role, Usage, wire,
};

const API_VERSION: &str = "2023-06-01";

/// Anthropic's models.
pub struct Anthropic {
    http: reqwest::Client,
    url: String,
    key: SecretString,
    model: String,
    max_output_tokens: u32,
    temperature: f32,
}

impl Anthropic {
    pub(super) fn new(config: &LlmConfig, http: &reqwest::Client) -> Self {
        let settings = &config.anthropic;
        Self {
            http: http.clone(),
            url: format!("{}/v1/messages", settings.base_url.trim_end_matches('/')),
            key: settings.api_key.clone().unwrap_or_default(),
            model: settings.model.clone(),
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
        json!({
            "model": self.model,
            "system": prompt.system,
            "messages": messages,
            "max_tokens": self.max_output_tokens,
            "temperature": self.temperature,
            "stream": true,
        })
    }
}

/// The events that matter; others are ignored, as the API asks of its clients.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Started,
    },
    ContentBlockDelta {
        delta: Delta,
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

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
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
    /// The item that an event means, if any.
    fn take(&mut self, data: &str) -> Option<Result<Chunk, LlmError>> {
        match serde_json::from_str(data) {
            Err(_) => Some(Err(LlmError::Malformed)),
            Ok(Event::MessageStart { message }) => {
                self.count(&message.usage);
                None
            }
            Ok(Event::ContentBlockDelta { delta }) => delta
                .text
                .filter(|text| !text.is_empty())
                .map(|text| Ok(Chunk::Delta(text))),
            Ok(Event::MessageDelta { delta, usage }) => {
                self.count(&usage);
                self.finish = delta.stop_reason.map(|reason| match reason.as_str() {
                    "end_turn" | "stop_sequence" => FinishReason::Stop,
                    "max_tokens" => FinishReason::Length,
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

#[async_trait]
impl ChatModel for Anthropic {
    fn provider(&self) -> &'static str {
        "anthropic"
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn stream(&self, prompt: &Prompt) -> Result<ChunkStream, LlmError> {
        let request = self
            .http
            .post(&self.url)
            .header("x-api-key", self.key.expose_secret())
            .header("anthropic-version", API_VERSION)
            .json(&self.body(prompt));
        let events = wire::open(request).await?;
        let state = (Some(events), Progress::default());
        Ok(Box::pin(stream::unfold(
            state,
            async |(events, mut progress)| {
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
            },
        )))
    }
}

/// The status that an error inside a stream would have had before it.
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
    fn an_error_inside_a_200_is_an_error() {
        assert_eq!(
            Progress::default().take(r#"{"type":"error","error":{"type":"overloaded_error"}}"#),
            Some(Err(LlmError::from_status(529, None)))
        );
    }
}
