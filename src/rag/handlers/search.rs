//! `POST /v1/search` for people, `POST /v1/retrieve` for the orchestrator.

use actix_web::{HttpRequest, web};
use tokio::time::timeout;

use crate::domain::access::Scope;
use crate::domain::evidence::{RetrieveRequest, RetrieveResponse};
use crate::http::auth::{Caller, InternalCaller};
use crate::http::body::Json;
use crate::http::deadline;
use crate::http::problem::Problem;
use crate::rag::Rag;

/// Searches the collections that the caller may read.
pub async fn search(
    caller: Caller,
    rag: web::Data<Rag>,
    body: Json<RetrieveRequest>,
) -> Result<web::Json<RetrieveResponse>, Problem> {
    caller.require(Scope::Search)?;
    let collections = caller
        .0
        .effective_collections(body.0.collections.as_deref());
    run(&rag, &body.0, collections.as_deref()).await
}

/// Retrieves evidence; the orchestrator has already applied the person's access. A request that could
/// not be answered in time is refused before any work, and none begins for a caller that has gone.
pub async fn retrieve(
    _caller: InternalCaller,
    rag: web::Data<Rag>,
    request: HttpRequest,
    body: Json<RetrieveRequest>,
) -> Result<web::Json<RetrieveResponse>, Problem> {
    let answer = run(&rag, &body.0, body.0.collections.as_deref());
    let Some(deadline) = deadline::of_caller(&request) else {
        return answer.await;
    };
    let wait = rag.retriever.embedder.query_wait();
    if wait > deadline {
        return Err(Problem::busy(wait.saturating_sub(deadline)));
    }
    timeout(deadline, answer)
        .await
        .unwrap_or_else(|_| Err(Problem::busy(deadline)))
}

async fn run(
    rag: &Rag,
    request: &RetrieveRequest,
    collections: Option<&[String]>,
) -> Result<web::Json<RetrieveResponse>, Problem> {
    let config = &rag.retriever.config;
    let query = request.query.trim();
    if query.is_empty() {
        return Err(Problem::unprocessable("`query` is empty."));
    }
    if query.chars().count() > config.max_query_chars {
        return Err(Problem::unprocessable(format!(
            "`query` is longer than {} characters.",
            config.max_query_chars
        )));
    }
    let limit = match request.limit {
        None => config.default_limit,
        Some(limit @ 1..=100) => usize::try_from(limit).unwrap_or(config.default_limit),
        Some(_) => return Err(Problem::unprocessable("`limit` must be 1 to 100.")),
    };
    // PostgreSQL's text type cannot contain NUL.
    let query = query.replace('\0', " ");
    Ok(web::Json(
        rag.retriever.retrieve(&query, collections, limit).await?,
    ))
}
