//! Documents for content owners.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::access::Scope;
use crate::domain::document::{DocumentStatus, DocumentView, VersionStatus};
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::name;
use crate::http::auth::Caller;
use crate::http::body::{check_length, read_limited};
use crate::http::problem::Problem;
use crate::persistence::documents::{self, ImpactRow, ListFilter, NewVersion, Put};
use crate::rag::Rag;
use crate::rag::parse::MediaType;
use crate::rag::uploads::SLOWEST;

type Address = web::Path<(String, String)>;

/// The scopes that may list documents: those that find passages, and those of content owners.
const READERS: [Scope; 2] = [Scope::Search, Scope::Documents];

/// Metadata of an upload, in the query string; the bytes are the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutQuery {
    title: Option<String>,
    expires_at: Option<DateTime<Utc>>,
}

/// The longest title, in characters.
const MAX_TITLE: usize = 1_000;
/// How long the largest document may take to arrive.
const UPLOAD_DEADLINE: Duration = Duration::from_mins(2);

/// The result of an upload.
#[derive(Serialize, ToSchema)]
pub struct PutResponse {
    /// `received`, or `unchanged` for bytes that are already stored.
    pub outcome: &'static str,
    /// The address of the document's status.
    pub status_url: String,
    pub document: DocumentView,
}

/// `PUT /v1/documents/{collection}/{external_id}`: 202, or 200 when nothing changed.
pub async fn put(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
    query: web::Query<PutQuery>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Documents)?;
    let (collection, external_id) = checked_address(&caller, address.into_inner())?;
    let media_type = media_type(&request, &external_id)?;
    let title = checked_title(query.title.as_deref(), &external_id)?;
    let most = rag.ingestion.max_document_bytes;
    check_length(&request, most)?;
    let room = rag.uploads.enter(&caller.0.owner_id).await?;
    let bytes = read_limited(body.into_inner(), most, UPLOAD_DEADLINE, Some(SLOWEST)).await?;
    if bytes.is_empty() {
        return Err(Problem::unprocessable(
            "The body is empty: send the document's bytes.",
        ));
    }
    let new = NewVersion {
        document_id: DocumentId::new(),
        version_id: VersionId::new(),
        collection: &collection,
        external_id: &external_id,
        title: &title,
        media_type: media_type.as_mime(),
        bytes: &bytes,
        sha256: &Sha256::digest(&bytes),
        expires_at: query.expires_at,
        actor: &caller.0.owner_id,
    };
    let outcome = documents::put(&rag.database, &new).await?;
    drop(bytes);
    drop(room);
    let document = load(&rag, &collection, &external_id).await?;
    let status_url = request.path().to_owned();
    Ok(match outcome {
        Put::Unchanged => HttpResponse::Ok(),
        Put::Received => HttpResponse::Accepted(),
    }
    .json(PutResponse {
        outcome: match outcome {
            Put::Unchanged => "unchanged",
            Put::Received => "received",
        },
        status_url,
        document,
    }))
}

/// `GET /v1/documents/{collection}/{external_id}`.
pub async fn get(
    caller: Caller,
    rag: web::Data<Rag>,
    address: Address,
) -> Result<web::Json<DocumentView>, Problem> {
    caller.require_any(&READERS)?;
    let (collection, external_id) = checked_address(&caller, address.into_inner())?;
    load(&rag, &collection, &external_id).await.map(web::Json)
}

/// `DELETE /v1/documents/{collection}/{external_id}`: the document is unretrievable once this
/// returns.
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
    let asked = query.collection.map(|name| vec![name]);
    let collections = caller.0.effective_collections(asked.as_deref());
    let mut page = documents::list(
        &rag.database,
        &ListFilter {
            collections: collections.as_deref(),
            status: query.status,
            after: query.cursor,
            limit: limit + 1,
        },
    )
    .await?;
    let size = usize::try_from(limit).unwrap_or(50);
    let more = page.len() > size;
    page.truncate(size);
    Ok(web::Json(ListResponse {
        next_cursor: page.last().filter(|_| more).map(|last| last.id),
        documents: page,
    }))
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
) -> Result<web::Json<ImpactResponse>, Problem> {
    caller.require(Scope::Documents)?;
    documents::find_collection(&rag.database, *id)
        .await?
        .filter(|collection| caller.0.may_read(collection))
        .ok_or_else(no_document)?;
    let answers = documents::list_impact(&rag.database, *id, 1_000).await?;
    Ok(web::Json(ImpactResponse { answers }))
}

async fn load(rag: &Rag, collection: &str, external_id: &str) -> Result<DocumentView, Problem> {
    documents::find(&rag.database, collection, external_id)
        .await?
        .ok_or_else(no_document)
}

fn no_document() -> Problem {
    Problem::not_found("There is no such document, or it is not one you may see.")
}

/// Checks that the names fit into a URL and a log, and that the caller may use the collection.
fn checked_address(
    caller: &Caller,
    (collection, external_id): (String, String),
) -> Result<(String, String), Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if collection.len() > 64 || !collection.chars().all(plain) {
        return Err(Problem::unprocessable(
            "A collection's name has up to 64 letters, digits, `-`, `_` or `.`.",
        ));
    }
    let path_like = |c: char| plain(c) || "/:@+ ".contains(c);
    if external_id.len() > 256 || !external_id.chars().all(path_like) {
        return Err(Problem::unprocessable(
            "A document's id has up to 256 letters, digits, spaces or `-_./:@+`.",
        ));
    }
    if !caller.0.may_read(&collection) {
        return Err(no_document());
    }
    Ok((collection, external_id))
}

/// Returns the title, or the name if there is none.
fn checked_title(title: Option<&str>, external_id: &str) -> Result<String, Problem> {
    let title = title.map(name::plain).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| external_id.to_owned());
    if title.chars().count() > MAX_TITLE {
        return Err(Problem::unprocessable(format!(
            "`title` is longer than {MAX_TITLE} characters."
        )));
    }
    Ok(title)
}

/// Reads the media type from the header, or from the name's extension.
fn media_type(request: &HttpRequest, external_id: &str) -> Result<MediaType, Problem> {
    let declared = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.starts_with("application/octet-stream"));
    let extension = external_id.rsplit_once('.').map(|(_, extension)| extension);
    declared
        .and_then(MediaType::from_mime)
        .or_else(|| declared.is_none().then(|| extension.and_then(MediaType::from_extension))?)
        .ok_or_else(|| {
            Problem::unsupported_media_type(
                "Send Markdown (text/markdown), plain text, HTML, PDF or DOCX with its Content-Type.",
            )
        })
}
