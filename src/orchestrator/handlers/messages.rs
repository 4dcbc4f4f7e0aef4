//! Questions, and feedback on their answers.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use futures::StreamExt;
use serde::Deserialize;
use utoipa::ToSchema;

use super::urgency::{Asked, Words};
use crate::domain::access::Scope;
use crate::domain::event::EventName;
use crate::domain::ids::{ConversationId, MessageId, TurnId};
use crate::http::auth::Caller;
use crate::http::body::Json;
use crate::http::problem::Problem;
use crate::http::request_id::RequestId;
use crate::http::sse;
use crate::orchestrator::Orchestrator;
use crate::orchestrator::question::{Question, checked_collections, checked_content};
use crate::orchestrator::stream::feed::frame;
use crate::orchestrator::turn::accept;
use crate::persistence::conversations;

/// The body of `POST /v1/conversations/{id}/messages`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    content: String,
    /// The collections to search; absent means every one that the caller may read.
    #[serde(default)]
    collections: Option<Vec<String>>,
}

impl Words for AskRequest {
    fn words(&self) -> Cow<'_, str> {
        Cow::from(&self.content)
    }
}

/// `POST /v1/conversations/{id}/messages`: SSE if the client accepts it, otherwise the `done`
/// object.
pub async fn ask(
    asked: Asked<AskRequest>,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<ConversationId>,
    request_id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let urgency = asked.urgency.clone();
    let answer = answer(asked, orchestrator, *id, request_id, request);
    urgency.hold(answer).await
}

async fn answer(
    Asked {
        caller,
        body,
        urgency,
    }: Asked<AskRequest>,
    orchestrator: web::Data<Orchestrator>,
    conversation: ConversationId,
    request_id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Chat)?;
    let question = Question {
        content: checked_content(&body.content, orchestrator.config.max_message_chars)?,
        history: None,
        collections: checked_collections(body.collections)?,
        idempotency_key: idempotency_key(&request)?,
        conversation,
        principal: caller.0,
        request_id: request_id.0,
    };
    let heartbeat = Duration::from_secs(orchestrator.config.heartbeat_seconds);
    let asked = accept::ask(&orchestrator.runner, question, urgency.triage()).await?;
    let turn = asked.turn();
    let streams = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if streams {
        let frames = asked.events().map(move |event| frame(turn, event));
        return Ok(sse::respond(frames, heartbeat));
    }
    let end = asked.end().await;
    let end =
        end.ok_or_else(|| Problem::unavailable("The answer ended early. Ask for the turn again."))?;
    ended(turn, end.name, end.data)
}

fn ended(turn: TurnId, name: EventName, data: String) -> Result<HttpResponse, Problem> {
    match name {
        EventName::Done => Ok(HttpResponse::Ok()
            .content_type("application/json")
            .body(data)),
        EventName::Error => Ok(HttpResponse::ServiceUnavailable()
            .content_type("application/problem+json")
            .body(data)),
        _ => Err(Problem::unavailable(format!(
            "This server is stopping, and the answer continues elsewhere: get it at /v1/turns/{turn}."
        ))),
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| (1..=128).contains(&key.len()))
        .map(|key| Some(key.to_owned()))
        .ok_or_else(|| {
            Problem::bad_request("`Idempotency-Key` must have 1 to 128 ASCII characters.")
        })
}

/// A person's opinion of an answer.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    Up,
    Down,
}

/// The body of `POST /v1/messages/{id}/feedback`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    rating: Rating,
    #[serde(default)]
    comment: Option<String>,
}

/// `POST /v1/messages/{id}/feedback`; later feedback replaces earlier feedback.
pub async fn feedback(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<MessageId>,
    body: Json<FeedbackRequest>,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Chat)?;
    let comment = body.0.comment.map(|comment| comment.replace('\0', ""));
    if comment
        .as_ref()
        .is_some_and(|comment| comment.chars().count() > 2_000)
    {
        return Err(Problem::unprocessable(
            "`comment` is longer than 2000 characters.",
        ));
    }
    let rating = match body.0.rating {
        Rating::Up => "up",
        Rating::Down => "down",
    };
    let stored = conversations::upsert_feedback(
        &orchestrator.database,
        &caller.0.owner_id,
        *id,
        rating,
        comment.as_deref(),
    )
    .await?;
    if stored {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("There is no such answer."))
    }
}
