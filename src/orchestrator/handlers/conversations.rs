//! Conversations of the caller.

use std::borrow::Cow;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::urgency::{Asked, Words};
use crate::domain::access::Scope;
use crate::domain::chat::{Conversation, Message};
use crate::domain::ids::ConversationId;
use crate::domain::name;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::orchestrator::Orchestrator;
use crate::persistence::conversations;

/// The longest title in characters.
const MAX_TITLE: usize = 200;
/// The most messages that one request returns.
const MAX_MESSAGES: i64 = 500;

/// The body of `POST /v1/conversations`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    #[serde(default)]
    title: Option<String>,
}

/// The web page sends the first question as the title.
impl Words for CreateRequest {
    fn words(&self) -> Cow<'_, str> {
        Cow::from(self.title.as_deref().unwrap_or_default())
    }
}

/// `POST /v1/conversations`.
pub async fn create(
    asked: Asked<CreateRequest>,
    orchestrator: web::Data<Orchestrator>,
) -> Result<HttpResponse, Problem> {
    let created = insert(&orchestrator, asked.caller, asked.body);
    asked.urgency.hold(created).await
}

async fn insert(
    orchestrator: &Orchestrator,
    caller: Caller,
    body: CreateRequest,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Chat)?;
    let title = body.title.map(|title| name::plain(&title));
    if title
        .as_ref()
        .is_some_and(|title| title.chars().count() > MAX_TITLE)
    {
        return Err(Problem::unprocessable(
            "`title` is longer than 200 characters.",
        ));
    }
    let id = ConversationId::new();
    let owner = &caller.0.owner_id;
    let created =
        conversations::insert(&orchestrator.database, owner, id, title.as_deref()).await?;
    Ok(HttpResponse::Created().json(created))
}

/// The page of the list to return.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    cursor: Option<ConversationId>,
    limit: Option<i64>,
}

/// A page of conversations, newest first.
#[derive(Serialize, ToSchema)]
pub struct ListResponse {
    conversations: Vec<Conversation>,
    /// The `cursor` of the next page; absent on the last page.
    next_cursor: Option<ConversationId>,
}

/// `GET /v1/conversations`.
pub async fn list(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<ListResponse>, Problem> {
    caller.require(Scope::Chat)?;
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::unprocessable("`limit` must be 1 to 200."));
    }
    let owner = &caller.0.owner_id;
    let mut page =
        conversations::list(&orchestrator.database, owner, query.cursor, limit + 1).await?;
    let size = usize::try_from(limit).unwrap_or(50);
    let more = page.len() > size;
    page.truncate(size);
    Ok(web::Json(ListResponse {
        next_cursor: page.last().filter(|_| more).map(|last| last.id),
        conversations: page,
    }))
}

/// A conversation with its newest messages, oldest first.
#[derive(Serialize, ToSchema)]
pub struct GetResponse {
    #[serde(flatten)]
    conversation: Conversation,
    messages: Vec<Message>,
}

/// `GET /v1/conversations/{id}`.
pub async fn get(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<ConversationId>,
) -> Result<web::Json<GetResponse>, Problem> {
    caller.require(Scope::Chat)?;
    let (database, owner) = (&orchestrator.database, &caller.0.owner_id);
    let conversation = conversations::find(database, owner, *id)
        .await?
        .ok_or_else(no_conversation)?;
    let messages = conversations::list_messages(database, &caller.0, *id, MAX_MESSAGES).await?;
    Ok(web::Json(GetResponse {
        conversation,
        messages,
    }))
}

/// `DELETE /v1/conversations/{id}`.
pub async fn delete(
    caller: Caller,
    orchestrator: web::Data<Orchestrator>,
    id: web::Path<ConversationId>,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Chat)?;
    if conversations::delete(&orchestrator.database, &caller.0.owner_id, *id).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(no_conversation())
    }
}

fn no_conversation() -> Problem {
    Problem::not_found("There is no such conversation.")
}
