//! Headers on every answer: no cache stores what people ask, and no browser guesses media types.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;

/// Middleware that adds headers unless a handler has set them. Only the files of the page do.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    match next.call(request).await {
        Ok(mut answer) => {
            add(answer.headers_mut());
            Ok(answer)
        }
        Err(error) => {
            let mut answer = error.error_response();
            add(answer.headers_mut());
            Err(InternalError::from_response("refused", answer).into())
        }
    }
}

fn add(headers: &mut HeaderMap) {
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
