//! Strict JSON bodies: a clear 4xx says what is wrong.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

use super::problem::Problem;

/// How long a JSON body may take to arrive.
const JSON_DEADLINE: Duration = Duration::from_secs(20);

/// The largest JSON body, in bytes; part of the application's data.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimit(pub usize);

/// A JSON body of type `T`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request
            .app_data::<web::Data<JsonLimit>>()
            .map_or(262_144, |limit| limit.0);
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().starts_with("application/json"));
        let (payload, fits) = (payload.take(), check_length(request, limit));
        Box::pin(async move {
            if !is_json {
                return Err(Problem::unsupported_media_type(
                    "Send the body as JSON with `Content-Type: application/json`.",
                ));
            }
            fits?;
            let bytes = read_limited(payload, limit, JSON_DEADLINE, None).await?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Problem::bad_request("The body is not valid UTF-8."))?;
            serde_json::from_str(text).map(Self).map_err(|error| {
                let detail = format!("The JSON body has an unexpected form: {error}.");
                if error.is_data() {
                    Problem::unprocessable(detail)
                } else {
                    Problem::bad_request(detail)
                }
            })
        })
    }
}

/// Refuses a body whose declared length is over `limit` bytes.
pub fn check_length(request: &HttpRequest, limit: usize) -> Result<(), Problem> {
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    Ok(())
}

/// A minimum speed: this many bytes in each span of time except the last.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub bytes: usize,
    pub within: Duration,
}

/// Reads a body of up to `limit` bytes. A longer body gets a 413; a body that takes too long, or
/// arrives slower than the minimum speed, gets a 408.
pub async fn read_limited(
    payload: Payload,
    limit: usize,
    deadline: Duration,
    least: Option<Pace>,
) -> Result<Vec<u8>, Problem> {
    timeout(deadline, read(payload, limit, least))
        .await
        .unwrap_or_else(|_| {
            let seconds = deadline.as_secs();
            let detail = format!("The body did not arrive within {seconds} s.");
            Err(Problem::timed_out(detail))
        })
}

fn too_large(limit: usize) -> Problem {
    Problem::too_large(format!("The limit is {limit} bytes."))
}

async fn read(mut payload: Payload, limit: usize, least: Option<Pace>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut pace = least.map(PaceCheck::new);
    loop {
        let part = match &mut pace {
            Some(pace) => pace.next(&mut payload, bytes.len()).await?,
            None => payload.next().await,
        };
        let Some(part) = part else {
            return Ok(bytes);
        };
        let part = part.map_err(|_| Problem::bad_request("The body ended early."))?;
        if bytes.len() + part.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&part);
    }
}

/// Checks at the end of each span of time how many bytes arrived in it.
struct PaceCheck {
    least: Pace,
    ends: Instant,
    /// Bytes that had arrived when the span began.
    before: usize,
}

type Part = Option<Result<web::Bytes, actix_web::error::PayloadError>>;

impl PaceCheck {
    fn new(least: Pace) -> Self {
        Self {
            least,
            ends: Instant::now() + least.within,
            before: 0,
        }
    }

    async fn next(&mut self, payload: &mut Payload, so_far: usize) -> Result<Part, Problem> {
        loop {
            if Instant::now() < self.ends
                && let Ok(part) = timeout_at(self.ends, payload.next()).await
            {
                return Ok(part);
            }
            if so_far - self.before < self.least.bytes {
                let detail = format!(
                    "The body arrives too slowly: at least {} bytes are expected in {} s.",
                    self.least.bytes,
                    self.least.within.as_secs()
                );
                return Err(Problem::timed_out(detail));
            }
            self.before = so_far;
            self.ends = Instant::now() + self.least.within;
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;
    use futures::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_times_out() {
        let first = stream::iter([Ok::<_, PayloadError>(Bytes::from_static(b"x"))]);
        let payload = Payload::Stream {
            payload: first.chain(stream::pending()).boxed_local(),
        };
        let read = read_limited(payload, 10, Duration::from_secs(3), None).await;
        assert_eq!(read.unwrap_err().to_value("r")["status"], 408);
    }

    /// Sends pieces of ten bytes, one after each pause.
    fn dripping(pieces: usize, pause: Duration) -> Payload {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, PayloadError>(Bytes::from_static(b"ten bytes."))
        });
        Payload::Stream {
            payload: pieces.boxed_local(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_ended_long_before_its_deadline() {
        let pace = Pace {
            bytes: 40,
            within: Duration::from_secs(5),
        };
        let read = async |pause| {
            let begun = Instant::now();
            let body = dripping(100, Duration::from_millis(pause));
            let outcome = read_limited(body, 2_000, Duration::from_mins(10), Some(pace)).await;
            (outcome, begun.elapsed())
        };
        let (outcome, time) = read(2_000).await;
        let problem = outcome.unwrap_err().to_value("r");
        assert_eq!(problem["status"], 408);
        assert!(problem["detail"].as_str().unwrap().contains("too slowly"));
        assert_eq!(time, Duration::from_secs(5));
        // The body is steady enough, however long it takes.
        let (outcome, time) = read(1_000).await;
        assert_eq!(outcome.unwrap().len(), 1_000);
        assert_eq!(time, Duration::from_secs(100));
        // A short body ends before the first check.
        let body = dripping(1, Duration::from_secs(4));
        let outcome = read_limited(body, 20, Duration::from_mins(1), Some(pace)).await;
        assert_eq!(outcome.unwrap().len(), 10);
    }

    #[test]
    fn a_body_declared_too_long_is_not_read() {
        let request = |length: &str| {
            let request = TestRequest::default().insert_header((CONTENT_LENGTH, length));
            check_length(&request.to_http_request(), 10)
        };
        assert!(request("10").is_ok());
        assert_eq!(request("11").unwrap_err().to_value("r")["status"], 413);
    }
}
