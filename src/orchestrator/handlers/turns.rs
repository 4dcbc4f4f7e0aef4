//! A turn's state, its events, its cancellation.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::domain::access::Scope;
use crate::domain::chat::TurnStatus;
use crate::domain::ids::TurnId;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::request_id::RequestId;
use crate::http::sse;
use crate::orchestrator::Orchestrator;
use crate::orchestrator::stream::feed::frame;
use crate::orchestrator::stream::{end, follow};
use crate::persistence::turns::{self, StoredTurn};

/// `GET /v1/turns/{id}`: the `done` object, or the state of the turn.
pub async fn get(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<TurnId>,
) -> Result<web::Json<Value>, Problem> {
    let mut stored = owned(&caller, &orchestrator, *id).await?;
    // A turn that runs here looks for its passages before it stores them.
    if stored.status == TurnStatus::Accepted && orchestrator.hub.find(*id).is_some() {
        stored.status = TurnStatus::Retrieving;
    }
    Ok(web::Json(end::view(stored)))
}

/// `GET /v1/turns/{id}/events`, after `Last-Event-ID` if the client sends one.
pub async fn events(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<TurnId>,
    request_id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let stored = owned(&caller, &orchestrator, *id).await?;
    let turn = *id;
    let last = last_event(&request, turn)?;
    let heartbeat = Duration::from_secs(orchestrator.config.heartbeat_seconds);
    let hub = Arc::clone(&orchestrator.hub);
    let events = follow::events(hub, caller.0, &stored, last, request_id.0);
    Ok(sse::respond(
        events.map(move |event| frame(turn, event)),
        heartbeat,
    ))
}

/// `POST /v1/turns/{id}/cancel`: 202; the turn ends within a second.
pub async fn cancel(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<TurnId>,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Chat)?;
    if !turns::request_cancel(&orchestrator.database, &caller.0.owner_id, *id).await? {
        return Err(no_turn());
    }
    if let Some(feed) = orchestrator.hub.find(*id) {
        feed.cancel.cancel();
    }
    Ok(HttpResponse::Accepted().json(json!({ "turn_id": *id })))
}

async fn owned(
    caller: &Caller,
    orchestrator: &Orchestrator,
    turn: TurnId,
) -> Result<StoredTurn, Problem> {
    caller.require(Scope::Chat)?;
    turns::find(&orchestrator.database, &caller.0, turn)
        .await?
        .ok_or_else(no_turn)
}

fn no_turn() -> Problem {
    Problem::not_found("There is no such turn.")
}

fn last_event(request: &HttpRequest, turn: TurnId) -> Result<Option<u64>, Problem> {
    let Some(value) = request.headers().get("last-event-id") else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|id| id.strip_prefix(&format!("{turn}:"))?.parse().ok())
        .filter(|seq| follow::is_number(*seq))
        .map(Some)
        .ok_or_else(|| Problem::bad_request("`Last-Event-ID` is not an event of this turn."))
}
