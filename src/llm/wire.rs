//! Sends one request to a provider, and interprets its status.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use http_body_util::Full;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Body, RequestBuilder, redirect};
use serde::Serialize;
use tokio::time::timeout;

use super::{DeadlinesConfig, LlmError, verdict};
use crate::domain::time;
use crate::event_stream;

/// How long the body of a refusal may take; the status alone is enough.
const BODY_DEADLINE: Duration = Duration::from_secs(2);

/// The largest event in bytes. One that carries a piece of an answer has a few hundred.
const MAX_EVENT: usize = 256 * 1024;

/// The data of each event: both wire formats name their events inside it. The first error is the
/// last item.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<String, LlmError>> + Send>>;

/// Creates the client for all providers. It follows no redirect, which would carry the key
/// elsewhere.
pub(super) fn client(deadlines: &DeadlinesConfig) -> Result<reqwest::Client, LlmError> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_millis(deadlines.connect_ms))
        .redirect(redirect::Policy::none())
        .build()
        .map_err(|_| LlmError::Transport)
}

/// Adds a body that is gone once it is sent. The client keeps a body that it could send again for as
/// long as the provider takes to answer.
pub(super) fn with_json(request: RequestBuilder, body: &impl Serialize) -> RequestBuilder {
    match serde_json::to_vec(body) {
        Ok(json) => request
            .header(CONTENT_TYPE, "application/json")
            .body(Body::wrap(Full::new(Bytes::from(json)))),
        // The builder reports the same error when it sends.
        Err(_) => request.json(body),
    }
}

/// Sends the request and opens the event stream. The body of a refusal is searched for the name of
/// a parameter and not kept, because it may quote the prompt.
pub(super) fn open(request: RequestBuilder) -> impl Future<Output = Result<Events, LlmError>> {
    let sent = request.send();
    async {
        let response = sent.await.map_err(|_| LlmError::Transport)?;
        if response.status().is_success() {
            let events = event_stream::events(response, MAX_EVENT);
            let events: Events = Box::pin(events.map(|event| Ok(event?.data)));
            return Ok(events);
        }
        Err(Box::pin(refusal(response)).await)
    }
}

/// Returns the error for a response without success.
pub(super) async fn refusal(response: reqwest::Response) -> LlmError {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), time::now());
    let telling = if matches!(status, 400 | 404 | 422) {
        let body = timeout(BODY_DEADLINE, verdict::beginning(response.bytes_stream())).await;
        verdict::of(status, &body.unwrap_or_default())
    } else {
        None
    };
    telling.unwrap_or_else(|| LlmError::from_status(status, retry_after))
}

/// Parses `Retry-After`: seconds or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z").unwrap();
        let read = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, now.to_utc())
        };
        assert_eq!(read("2"), Some(Duration::from_secs(2)));
        let date = "Sun, 01 Mar 2026 12:00:30 GMT";
        assert_eq!(read(date), Some(Duration::from_secs(30)));
        let past = "Sun, 01 Mar 2026 11:00:00 GMT";
        assert_eq!(read(past), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now.to_utc()), None);
    }
}
