//! Uploads of content owners.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::documents::{Address, checked_address, view};
use crate::domain::access::Scope;
use crate::domain::document::DocumentView;
use crate::domain::external_id;
use crate::domain::governance::Responsibility;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::name;
use crate::domain::time::{self, now};
use crate::http::auth::Caller;
use crate::http::body::{check_length, read_limited};
use crate::http::problem::Problem;
use crate::persistence::documents::{self, NewVersion, Origin, Put};
use crate::rag::Rag;
use crate::rag::parse::{ContentType, MediaType, ParseError};
use crate::rag::uploads::SLOWEST;

/// Metadata of an upload, in the query string; the bytes are the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutQuery {
    title: Option<String>,
    owner: Option<String>,
    jurisdiction: Option<String>,
    audience: Option<String>,
    effective_from: Option<String>,
    review_by: Option<String>,
    expires_at: Option<String>,
    supersedes: Option<String>,
    source: Option<String>,
    source_validator: Option<String>,
}

/// The longest title, in characters.
const MAX_TITLE: usize = 1_000;
/// The longest owner, jurisdiction or audience, in characters.
const MAX_WORDS: usize = 200;
/// The longest source, and the longest validator of a source, in bytes.
const MAX_SOURCE: usize = 2_048;
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
    let content_type = content_type(&request, &external_id)?;
    let title = checked_title(query.title.as_deref(), &external_id)?;
    let responsibility = responsibility(&query)?;
    let supersedes = superseded(&caller, &rag, query.supersedes.as_deref()).await?;
    let origin = origin(&query)?;
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
        media_type: &content_type.settled(&bytes).to_string(),
        bytes: &bytes,
        sha256: &Sha256::digest(&bytes),
        responsibility: &responsibility,
        supersedes,
        origin,
        actor: &caller.0.owner_id,
    };
    let outcome = documents::put(&rag.database, &new).await?;
    drop(bytes);
    drop(room);
    let document = view(&caller, &rag, &collection, &external_id).await?;
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

/// Checks what the uploader says about the version.
fn responsibility(query: &PutQuery) -> Result<Responsibility, Problem> {
    let effective_from = checked_time("effective_from", query.effective_from.as_deref())?;
    let review_by = checked_time("review_by", query.review_by.as_deref())?;
    let expires_at = checked_time("expires_at", query.expires_at.as_deref())?;
    if expires_at.is_some_and(|until| until <= now()) {
        return Err(Problem::unprocessable(
            "`expires_at` has passed, so the document would never answer. Leave it out, or name a \
             time to come.",
        ));
    }
    if let (Some(from), Some(until)) = (effective_from, expires_at)
        && until <= from
    {
        return Err(Problem::unprocessable(
            "`expires_at` must be later than `effective_from`.",
        ));
    }
    Ok(Responsibility {
        owner: checked_words("owner", query.owner.as_deref())?,
        jurisdiction: checked_words("jurisdiction", query.jurisdiction.as_deref())?,
        audience: checked_words("audience", query.audience.as_deref())?,
        effective_from,
        review_by,
        expires_at,
    })
}

fn checked_time(field: &str, given: Option<&str>) -> Result<Option<DateTime<Utc>>, Problem> {
    let Some(given) = given else {
        return Ok(None);
    };
    let instant = time::parse(given).ok_or_else(|| {
        Problem::bad_request(format!("`{field}` is not a date and time. {}", time::FORM))
    })?;
    Ok(Some(instant))
}

fn checked_words(field: &str, words: Option<&str>) -> Result<Option<String>, Problem> {
    let words = words.map(name::plain).filter(|words| !words.is_empty());
    if words
        .as_ref()
        .is_some_and(|words| words.chars().count() > MAX_WORDS)
    {
        return Err(Problem::unprocessable(format!(
            "`{field}` is longer than {MAX_WORDS} characters."
        )));
    }
    Ok(words)
}

/// Returns the id of the document, written as `collection/external_id`, that the upload supersedes.
async fn superseded(
    caller: &Caller,
    rag: &Rag,
    address: Option<&str>,
) -> Result<Option<DocumentId>, Problem> {
    let Some(address) = address.filter(|address| !address.is_empty()) else {
        return Ok(None);
    };
    let unknown = || {
        Problem::unprocessable(
            "`supersedes` must be `collection/external_id` of a document that you may see.",
        )
    };
    let (collection, external_id) = address.split_once('/').ok_or_else(unknown)?;
    let external_id = external_id::normalised(external_id).ok_or_else(unknown)?;
    if !caller.0.may_read(collection) {
        return Err(unknown());
    }
    let found = documents::find_id(&rag.database, collection, &external_id).await?;
    Ok(Some(found.ok_or_else(unknown)?))
}

/// Checks where the uploader read the bytes. The address is shown as a link, so it is one.
fn origin(query: &PutQuery) -> Result<Option<Origin<'_>>, Problem> {
    let validator = query.source_validator.as_deref();
    let Some(source) = query.source.as_deref().filter(|source| !source.is_empty()) else {
        return match validator {
            None => Ok(None),
            Some(_) => Err(Problem::unprocessable(
                "`source_validator` needs a `source`.",
            )),
        };
    };
    let scheme = url::Url::parse(source).map(|url| url.scheme().to_owned());
    if !scheme.is_ok_and(|scheme| ["http", "https", "s3"].contains(&scheme.as_str())) {
        return Err(Problem::unprocessable(
            "`source` is an address that begins with `https://`, `http://` or `s3://`.",
        ));
    }
    let fits = |text: &str| text.len() <= MAX_SOURCE && !text.contains(char::is_control);
    if !fits(source) || !validator.is_none_or(fits) {
        return Err(Problem::unprocessable(format!(
            "`source` and `source_validator` have up to {MAX_SOURCE} bytes, without control \
             characters."
        )));
    }
    Ok(Some(Origin { source, validator }))
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

/// Reads the media type and the charset from the header, or from the name's extension.
fn content_type(request: &HttpRequest, external_id: &str) -> Result<ContentType, Problem> {
    let declared = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.starts_with("application/octet-stream"));
    let extension = external_id.rsplit_once('.').map(|(_, extension)| extension);
    declared
        .and_then(ContentType::from_mime)
        .or_else(|| {
            let named = declared
                .is_none()
                .then(|| extension.and_then(MediaType::from_extension))?;
            named.map(ContentType::from)
        })
        .ok_or_else(|| {
            let is_image = declared.is_some_and(|declared| declared.starts_with("image/"));
            Problem::unsupported_media_type(if is_image {
                ParseError::Image.to_string()
            } else {
                format!(
                    "Send the document with its Content-Type: {}.",
                    MediaType::names()
                )
            })
        })
}
