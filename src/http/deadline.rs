//! A deadline for every request, because a frozen dependency never reports an error.

use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;

use super::problem::Problem;

/// The time from request to response head; longer than a connection plus one statement may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Middleware that answers 503 when the head of a response takes too long. Uploads may take as long
/// as their bytes, and a JSON answer as long as its turn, which has a deadline of its own.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let path = request.path();
    let long = request.method() == Method::PUT
        || path.ends_with("/messages")
        || path.ends_with("/chat/completions");
    if long {
        return next.call(request).await;
    }
    tokio::time::timeout(DEADLINE, next.call(request))
        .await
        .unwrap_or_else(|_| {
            tracing::warn!("a request exceeded its deadline");
            Err(Problem::unavailable("The answer took too long. Try again shortly.").into())
        })
}
