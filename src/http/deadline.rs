//! A deadline for every request, because a frozen dependency never reports an error.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use tokio::time::timeout;

use super::problem::Problem;

/// The time from request to response head; longer than a connection plus one statement may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// The header in which a caller says how many milliseconds it waits for the answer.
pub const HEADER: &str = "x-deadline-ms";

/// Returns how long the caller of a request waits, if it says so.
pub fn of_caller(request: &HttpRequest) -> Option<Duration> {
    let millis = request.headers().get(HEADER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_millis(millis))
}

/// Whether the route of this request has a deadline of its own.
#[derive(Clone, Default)]
struct Exempt(Rc<Cell<bool>>);

/// Middleware that answers 503 when the head of a response takes too long.
pub async fn middleware<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let exempt = Exempt::default();
    request.extensions_mut().insert(exempt.clone());
    let mut answer = pin!(next.call(request));
    match timeout(DEADLINE, answer.as_mut()).await {
        Ok(answer) => answer,
        Err(_) if exempt.0.get() => answer.await,
        Err(_) => {
            tracing::warn!("a request exceeded its deadline");
            Err(Problem::unavailable("The answer took too long. Try again shortly.").into())
        }
    }
}

/// Middleware of a route whose handler has a deadline of its own: an upload takes as long as its
/// bytes do, an answer as JSON as long as its turn.
pub async fn of_the_handler<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(exempt) = request.extensions().get::<Exempt>() {
        exempt.0.set(true);
    }
    next.call(request).await
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    async fn slow() -> HttpResponse {
        tokio::time::sleep(DEADLINE * 2).await;
        HttpResponse::Ok().finish()
    }

    async fn ask(path: &str) -> u16 {
        let exempt = web::get().to(slow).wrap(from_fn(of_the_handler));
        let app = App::new()
            .wrap(from_fn(middleware))
            .route("/bounded", web::get().to(slow))
            .route("/exempt", exempt);
        let app = init_service(app).await;
        // Nothing else happens, so the clock jumps.
        tokio::time::pause();
        let request = TestRequest::get().uri(path).to_request();
        match try_call_service(&app, request).await {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => error.as_response_error().status_code().as_u16(),
        }
    }

    #[actix_web::test]
    async fn a_request_has_a_deadline_unless_its_route_says_otherwise() {
        assert_eq!(ask("/bounded").await, 503);
        tokio::time::resume();
        assert_eq!(ask("/exempt").await, 200);
    }
}
