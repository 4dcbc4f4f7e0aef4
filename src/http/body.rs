//! Strict JSON bodies: a clear 4xx says what was wrong.

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The largest JSON body, in bytes; put into the application's data.
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
        let payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(Problem::unsupported_media_type(
                    "Send the body as JSON with `Content-Type: application/json`.",
                ));
            }
            let bytes = read_limited(payload, limit).await?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Problem::bad_request("The body is not valid UTF-8."))?;
            serde_json::from_str(text).map(Self).map_err(|error| {
                let detail = format!("The JSON body is not as expected: {error}.");
                if error.is_data() {
                    Problem::unprocessable(detail)
                } else {
                    Problem::bad_request(detail)
                }
            })
        })
    }
}

/// Reads a body up to `limit` bytes; one byte more is a 413.
pub async fn read_limited(mut payload: Payload, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| Problem::bad_request("The body ended early."))?;
        if bytes.len() + part.len() > limit {
            return Err(Problem::too_large(format!("The limit is {limit} bytes.")));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}
