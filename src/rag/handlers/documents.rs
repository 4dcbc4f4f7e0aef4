//! Documents for content owners.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::Scope;
use crate::domain::document::{DocumentStatus, DocumentView, VersionStatus};
use crate::domain::external_id;
use crate::domain::ids::DocumentId;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::persistence::conflicts;
use crate::persistence::documents::{self, ImpactRow, ListFilter};
use crate::rag::Rag;

pub(super) type Address = web::Path<(String, String)>;

/// The scopes that may list documents: those that find passages, and those of content owners.
const READERS: [Scope; 3] = [Scope::Search, Scope::Documents, Scope::Approve];
/// The scopes that see what is behind a document: its drafts, and the answers that cite it.
pub(super) const KEEPERS: [Scope; 2] = [Scope::Documents, Scope::Approve];

/// The longest time that the report of reviews looks ahead, in days.
const MAX_DAYS: u32 = 3_660;
/// `GET /v1/documents/{collection}/{external_id}`.
pub async fn get(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<web::Json<DocumentView>, Problem> {
    caller.require_any(&READERS)?;
    let (collection, external_id) = checked_address(&caller, address.into_inner())?;
    view(&caller, &rag, &collection, &external_id)
        .await
        .map(web::Json)
}

/// `DELETE /v1/documents/{collection}/{external_id}`: the document is unretrievable, and its bytes and
/// text are gone, once this returns. Its passages leave the index and the sources of turns shortly
/// after.
pub async fn delete(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<HttpResponse, Problem> {
    retire(&caller, &rag, address.into_inner(), DocumentStatus::Deleted).await
}

/// `POST /v1/documents/{collection}/{external_id}/withdraw`: the document stays stored, but no
/// longer answers.
pub async fn withdraw(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<HttpResponse, Problem> {
    retire(
        &caller,
        &rag,
        address.into_inner(),
        DocumentStatus::Withdrawn,
    )
    .await
}

async fn retire(
    caller: &Caller,
    rag: &Rag,
    address: (String, String),
    status: DocumentStatus,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Documents)?;
    let (collection, external_id) = checked_address(caller, address)?;
    let retired = documents::retire(
        &rag.database,
        &collection,
        &external_id,
        status,
        &caller.0.owner_id,
    )
    .await?;
    rag.retired.announce(retired.ok_or_else(no_document)?);
    Ok(HttpResponse::NoContent().finish())
}

/// The documents to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    collection: Option<String>,
    status: Option<VersionStatus>,
    /// Days: only documents that should be reviewed, or expire, within so many.
    due_for_review: Option<u32>,
    cursor: Option<DocumentId>,
    limit: Option<i64>,
}

/// A page of documents.
#[derive(Serialize, ToSchema)]
pub struct ListResponse {
    pub documents: Vec<DocumentView>,
    /// The `cursor` of the next page; absent on the last page.
    pub next_cursor: Option<DocumentId>,
}

/// `GET /v1/documents`.
pub async fn list(
    caller: Caller,
    rag: web::Data<Rag>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<ListResponse>, Problem> {
    caller.require_any(&READERS)?;
    let query = query.into_inner();
    let limit = query.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(Problem::unprocessable("`limit` must be 1 to 500."));
    }
    if query.due_for_review.is_some_and(|days| days > MAX_DAYS) {
        return Err(Problem::unprocessable(format!(
            "`due_for_review` is a number of days, at most {MAX_DAYS}."
        )));
    }
    let asked = query.collection.map(|name| vec![name]);
    let collections = caller.0.effective_collections(asked.as_deref());
    let mut page = documents::list(
        &rag.database,
        &ListFilter {
            collections: collections.as_deref(),
            status: query.status,
            due_within_days: query.due_for_review,
            after: query.cursor,
            limit: limit + 1,
        },
    )
    .await?;
    let size = usize::try_from(limit).unwrap_or(50);
    let more = page.len() > size;
    page.truncate(size);
    for document in &mut page {
        hide_unreadable(&caller, document);
    }
    Ok(web::Json(ListResponse {
        next_cursor: page.last().filter(|_| more).map(|last| last.id),
        documents: page,
    }))
}

/// The answers to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpactQuery {
    version: Option<i32>,
}

/// The answers that cited a document.
#[derive(Serialize, ToSchema)]
pub struct ImpactResponse {
    pub answers: Vec<ImpactRow>,
}

/// `GET /v1/documents/{id}/impact`, for content owners who recall guidance; it lists answers to
/// every person.
pub async fn impact(
    caller: Caller,
    rag: web::Data<Rag>,
    id: web::Path<DocumentId>,
    query: web::Query<ImpactQuery>,
) -> Result<web::Json<ImpactResponse>, Problem> {
    caller.require_any(&KEEPERS)?;
    documents::find_collection(&rag.database, *id)
        .await?
        .filter(|collection| caller.0.may_read(collection))
        .ok_or_else(no_document)?;
    let answers = documents::list_impact(&rag.database, *id, query.version, 1_000).await?;
    Ok(web::Json(ImpactResponse { answers }))
}

/// Returns the document with its conflicts, as far as the caller may read the other documents.
pub(super) async fn view(
    caller: &Caller,
    rag: &Rag,
    collection: &str,
    external_id: &str,
) -> Result<DocumentView, Problem> {
    let found = documents::find(&rag.database, collection, external_id).await?;
    let mut document = found.ok_or_else(no_document)?;
    let readable = caller.0.collections.as_deref();
    let conflicts = conflicts::list(&rag.database, document.id, readable).await?;
    document.governance.conflicts = Some(conflicts);
    hide_unreadable(caller, &mut document);
    Ok(document)
}

/// Hides the address of a superseded document that the caller may not see.
fn hide_unreadable(caller: &Caller, document: &mut DocumentView) {
    let supersedes = document.governance.supersedes.take();
    document.governance.supersedes = supersedes.filter(|address| {
        let collection = address.split('/').next().unwrap_or_default();
        caller.0.may_read(collection)
    });
}

fn no_document() -> Problem {
    Problem::not_found("There is no such document, or it is not one you may see.")
}

/// Checks the names and brings the id to its one form; checks that the caller may use the collection.
pub(super) fn checked_address(
    caller: &Caller,
    (collection, external_id): (String, String),
) -> Result<(String, String), Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if collection.len() > 64 || !collection.chars().all(plain) {
        return Err(Problem::unprocessable(
            "A collection's name has up to 64 of the letters A to Z and a to z, digits, `-`, `_` \
             or `.`.",
        ));
    }
    let external_id = external_id::normalised(&external_id)
        .ok_or_else(|| Problem::unprocessable(external_id::ALLOWED))?;
    if !caller.0.may_read(&collection) {
        return Err(no_document());
    }
    Ok((collection, external_id))
}
