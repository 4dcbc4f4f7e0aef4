//! The reason for a 400 or a 404, as far as a fixed list of names reveals it.
//!
//! The body of such a response may quote the prompt. So nothing of it is kept or logged; it is only
//! searched for the names of parameters that this program sends.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};

use super::LlmError;

/// The bytes of a body that are searched; the reason is at the beginning.
const MAX_BODY: usize = 16 * 1024;

/// The parameters that a request may carry besides its messages, and those that others send.
const PARAMETERS: [&str; 12] = [
    "max_completion_tokens",
    "reasoning_effort",
    "stream_options",
    "output_config",
    "thinking_level",
    "budget_tokens",
    "temperature",
    "max_tokens",
    "thinking",
    "effort",
    "top_p",
    "top_k",
];

/// Reads at most as much of the body as is searched.
pub(super) async fn beginning<E>(body: impl Stream<Item = Result<Bytes, E>>) -> Bytes {
    let mut body = std::pin::pin!(body);
    let mut read = BytesMut::new();
    while let Some(Ok(piece)) = body.next().await {
        let room = MAX_BODY - read.len();
        read.extend_from_slice(piece.get(..room).unwrap_or(&piece));
        if read.len() == MAX_BODY {
            break;
        }
    }
    read.freeze()
}

/// Returns a more specific error than the status, if the body reveals one.
pub(super) fn of(status: u16, body: &[u8]) -> Option<LlmError> {
    match status {
        404 => Some(LlmError::ModelNotFound),
        400 | 422 => {
            refused_parameter(body).map(|parameter| LlmError::ParameterRefused { parameter })
        }
        _ => None,
    }
}

/// Returns the first parameter that the body names. OpenAI's `param` and the messages of others
/// name the refused parameter before any advice to use another one.
fn refused_parameter(body: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(body).ok()?;
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .find_map(|word| PARAMETERS.into_iter().find(|name| *name == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(body: &str) -> Option<LlmError> {
        of(400, body.as_bytes())
    }

    #[test]
    fn a_parameter_is_named_however_a_provider_says_it() {
        for (body, expected) in [
            (
                r#"{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#,
                "max_tokens",
            ),
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` may not be set for this model"}}"#,
                "temperature",
            ),
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"\"thinking.type.disabled\" cannot be used; use output_config.effort"}}"#,
                "thinking",
            ),
            (
                r#"[{"error":{"code":400,"message":"Unable to set reasoning_effort for this model","status":"INVALID_ARGUMENT"}}]"#,
                "reasoning_effort",
            ),
        ] {
            assert_eq!(
                parameter(body),
                Some(LlmError::ParameterRefused {
                    parameter: expected
                }),
                "{body}"
            );
        }
    }

    #[test]
    fn a_name_inside_another_word_is_no_parameter() {
        assert_eq!(
            parameter(r#"{"error":{"message":"rethinking, efforts"}}"#),
            None
        );
        assert_eq!(parameter("\u{fffd}"), None);
        assert_eq!(of(404, b""), Some(LlmError::ModelNotFound));
        assert_eq!(of(429, b"temperature"), None);
    }

    #[test]
    fn only_the_beginning_of_a_body_is_read() {
        let pieces = vec![Ok::<_, ()>(Bytes::from(vec![b'x'; MAX_BODY - 1])); 3];
        let read = futures::executor::block_on(beginning(futures::stream::iter(pieces)));
        assert_eq!(read.len(), MAX_BODY);
    }
}
