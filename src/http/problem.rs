//! Errors as `application/problem+json` (RFC 9457), with stable types and opaque 5xx bodies.

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::domain::chat::Degraded;
use crate::domain::contact::Contact;
use crate::persistence::DbError;

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    /// The stable last segment of the problem's type.
    kind: &'static str,
    title: &'static str,
    detail: Option<String>,
    retry_after: Option<Duration>,
    /// The contacts that the detail names.
    contacts: Vec<Contact>,
    /// Set if the detail ends with its notice.
    degraded: Option<Box<Degraded>>,
    /// Also writes the error where clients of the OpenAI-compatible API look for it.
    compatible: bool,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            status,
            kind,
            title,
            detail: None,
            retry_after: None,
            contacts: Vec::new(),
            degraded: None,
            compatible: false,
        }
    }

    fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Puts something before the reason, because it matters more.
    #[must_use]
    pub fn preceded_by(mut self, text: &str, contacts: Vec<Contact>) -> Self {
        let reason = self.detail.take().unwrap_or_else(|| self.title.to_owned());
        self.contacts = contacts;
        self.with_detail(format!("{text} {reason}"))
    }

    /// Adds advice after the reason.
    #[must_use]
    pub fn followed_by(mut self, text: &str, contacts: Vec<Contact>) -> Self {
        let detail = match self.detail.take() {
            Some(reason) => format!("{reason} {text}"),
            None => text.to_owned(),
        };
        self.contacts = contacts;
        self.with_detail(detail)
    }

    /// Says that the person gets no answer, only whom to ask and whom to call.
    #[must_use]
    pub fn degraded(mut self, degraded: Degraded, contacts: Vec<Contact>) -> Self {
        self = self.followed_by(&degraded.notice, contacts);
        self.degraded = Some(Box::new(degraded));
        self
    }

    /// Adapts the problem to clients of the OpenAI-compatible API.
    #[must_use]
    pub fn compatible(mut self) -> Self {
        self.compatible = true;
        self
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request cannot be read",
        )
        .with_detail(detail)
    }

    /// 401: no valid credential.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A valid API key is needed",
        )
        .with_detail("Send an API key that is not revoked as `Authorization: Bearer <key>`.")
    }

    /// 401: the request lacks the demo's token.
    pub fn demo_token_needed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "demo-token-needed",
            "The token of this demo is needed",
        )
        .with_detail(
            "Open the address that `chatbot demo` printed when it started; each start has a new \
             one. Programs send its token as `Authorization: Bearer <token>`.",
        )
    }

    /// 403: the credential does not allow this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed").with_detail(detail)
    }

    /// 404: the thing does not exist, or belongs to another person.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found").with_detail(detail)
    }

    /// 408: the body took too long.
    pub fn timed_out(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            "The request took too long",
        )
        .with_detail(detail)
    }

    /// 409: the request contradicts what is stored.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict").with_detail(detail)
    }

    /// 413: the body is over the limit.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
        )
        .with_detail(detail)
    }

    /// 415: the media type is not accepted.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Unsupported media type",
        )
        .with_detail(detail)
    }

    /// 422: the request is readable, but not acceptable.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unprocessable",
            "The request is not acceptable",
        )
        .with_detail(detail)
    }

    /// 429 with `Retry-After`.
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests",
        )
        .with_detail("Wait for the number of seconds in `Retry-After`, then try again.");
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 503 with `Retry-After`.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::out_of_service().with_detail(detail)
    }

    /// 503 with `Retry-After`: the answer would come too late, so no work begins.
    pub fn busy(retry_after: Duration) -> Self {
        let mut problem = Self::unavailable("Too many questions at once. Try again shortly.");
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 503 with `Retry-After`, and a reason that is added later.
    pub fn out_of_service() -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable",
        );
        problem.retry_after = Some(Duration::from_secs(2));
        problem
    }

    /// 500: the body is opaque, and the cause is logged here, once.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
        )
    }

    /// The body, which `error` events contain too.
    pub fn to_value(&self, request_id: &str) -> Value {
        let mut body = json!({
            "type": format!("urn:chatbot:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "request_id": request_id,
        });
        let Some(object) = body.as_object_mut() else {
            return body;
        };
        if let Some(detail) = &self.detail {
            object.insert("detail".into(), Value::from(detail.as_str()));
        }
        if !self.contacts.is_empty() {
            object.insert("contacts".into(), json!(self.contacts));
        }
        if let Some(degraded) = &self.degraded {
            object.insert("degraded".into(), json!(degraded));
        }
        if self.compatible {
            let message = self.detail.as_deref().unwrap_or(self.title);
            let error = json!({ "message": message, "type": self.kind });
            object.insert("error".into(), error);
        }
        body
    }

    fn respond(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.insert_header((header::RETRY_AFTER, seconds.max(1).to_string()));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(self.to_value(request_id).to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.kind)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Leaves the request id to the request-id middleware, which knows it.
    fn error_response(&self) -> HttpResponse {
        self.respond("")
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            // The pool or the server is at its limit: the client should try again.
            DbError::Unavailable(_) => {
                tracing::warn!(error = %error, "database unavailable");
                Self::unavailable("The database does not answer. Try again shortly.")
            }
            DbError::Busy(_) => {
                tracing::warn!(error = %error, "database busy");
                Self::unavailable("The database is busy. Try again shortly.")
            }
            DbError::Conflict(_) => Self::conflict("Another request changed this first."),
            DbError::Fenced | DbError::Misconfigured(_) | DbError::Query(_) => {
                Self::internal(&error)
            }
        }
    }
}

/// Gives an error response the id of its request.
pub(super) fn with_request_id(error: &actix_web::Error, request_id: &str) -> HttpResponse {
    if let Some(problem) = error.as_error::<Problem>() {
        return problem.respond(request_id);
    }
    let status = error.as_response_error().status_code();
    let problem = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("Send a smaller body."),
        StatusCode::NOT_FOUND => Problem::not_found("There is nothing at this address."),
        status if status.is_client_error() => Problem::bad_request(error.to_string()),
        _ => Problem::internal(&std::io::Error::other(error.to_string())),
    };
    problem.respond(request_id)
}

/// Answers 404 for addresses that match no route.
pub async fn not_found(_: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("There is nothing at this address."))
}
