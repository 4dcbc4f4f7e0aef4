//! Request ids: taken from `X-Request-Id` or created, returned to the caller, and passed on to rag.

use std::future::{Ready, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use tracing::Instrument;

use super::problem;
use crate::domain::ids::new_uuid;

/// The name of the header.
pub const HEADER: &str = "x-request-id";

/// The id of the current request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl FromRequest for RequestId {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self(String::new()))))
    }
}

/// The id that a caller sent, if it is short and plain enough to be logged.
fn accepted(request: &ServiceRequest) -> Option<String> {
    let value = request.headers().get(HEADER)?.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    ((1..=64).contains(&value.len()) && value.chars().all(plain)).then(|| value.to_owned())
}

/// Adds the id to the response headers.
fn name(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static(HEADER), value);
    }
}

/// Handles an error of an inner middleware that no route has turned into a response.
fn refused(error: &Error, id: &str) -> Error {
    let mut response = problem::with_request_id(error, id);
    name(response.headers_mut(), id);
    InternalError::from_response("refused", response).into()
}

/// Middleware that sets the id, logs the outcome, and turns every error into problem+json.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = accepted(&request).unwrap_or_else(|| new_uuid().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request.id = %id);
    async move {
        let mut response = match next.call(request).await {
            Ok(response) => response.map_into_boxed_body(),
            Err(error) => return Err(refused(&error, &id)),
        };
        if let Some(error) = response.response().error() {
            let replaced = problem::with_request_id(error, &id);
            response = ServiceResponse::new(response.request().clone(), replaced);
        }
        name(response.headers_mut(), &id);
        Ok(response)
    }
    .instrument(span)
    .await
}
