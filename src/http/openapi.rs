//! `GET /openapi.json` of both roles: paths come from a table, schemas from the types themselves.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::compatible;
use crate::domain::chat::{Conversation, Message, TurnDone};
use crate::domain::contact::Contact;
use crate::domain::document::{DocumentView, VersionView};
use crate::domain::emergency::TriageNotice;
use crate::domain::evidence::{
    Citation, Correction, Passage, RetrieveRequest, RetrieveResponse, Source,
};
use crate::domain::external_id;

#[derive(OpenApi)]
#[openapi(components(schemas(
    Citation,
    Contact,
    Conversation,
    DocumentView,
    Message,
    Passage,
    Correction,
    RetrieveRequest,
    RetrieveResponse,
    Source,
    TriageNotice,
    TurnDone,
    VersionView,
)))]
struct Schemas;

/// Method, path, summary, success status, and the schema of the response body if it has a name.
type Operation = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const ORCHESTRATOR: [Operation; 16] = [
    (
        "post",
        "/v1/conversations",
        "Start a conversation",
        "201",
        Some("Conversation"),
    ),
    (
        "get",
        "/v1/conversations",
        "List your conversations",
        "200",
        None,
    ),
    (
        "get",
        "/v1/conversations/{id}",
        "A conversation with its messages",
        "200",
        Some("Conversation"),
    ),
    (
        "delete",
        "/v1/conversations/{id}",
        "Delete a conversation",
        "204",
        None,
    ),
    (
        "post",
        "/v1/conversations/{id}/messages",
        "Ask: SSE events, or the done object as JSON",
        "200",
        Some("TurnDone"),
    ),
    (
        "get",
        "/v1/turns/{id}",
        "A turn's outcome or state",
        "200",
        Some("TurnDone"),
    ),
    (
        "get",
        "/v1/turns/{id}/events",
        "A turn's events, resumable with Last-Event-ID",
        "200",
        None,
    ),
    ("post", "/v1/turns/{id}/cancel", "Stop a turn", "202", None),
    (
        "post",
        "/v1/messages/{id}/feedback",
        "Rate an answer",
        "204",
        None,
    ),
    (
        "post",
        "/v1/chat/completions",
        "OpenAI-compatible: the last user message is the question",
        "200",
        None,
    ),
    ("get", "/v1/models", "OpenAI-compatible list", "200", None),
    ("get", "/health", "Alive", "200", None),
    ("get", "/health/ready", "Ready", "200", None),
    ("get", "/health/startup", "Started", "200", None),
    ("get", "/metrics", "Prometheus metrics", "200", None),
    ("get", "/", "The web page", "200", None),
];

const RAG: [Operation; 17] = [
    (
        "put",
        "/v1/documents/{collection}/{external_id}",
        "Upload a document or a new version",
        "202",
        Some("DocumentView"),
    ),
    (
        "get",
        "/v1/documents/{collection}/{external_id}",
        "A document's status (scope search, documents or approve)",
        "200",
        Some("DocumentView"),
    ),
    (
        "delete",
        "/v1/documents/{collection}/{external_id}",
        "Delete a document: bytes, text and passages of every version. What remains: its address and \
         versions by number, time and people; and the answers that quoted it, for `impact`, which no \
         reader is shown any more",
        "204",
        None,
    ),
    (
        "post",
        "/v1/documents/{collection}/{external_id}/withdraw",
        "Withdraw a document",
        "204",
        None,
    ),
    (
        "get",
        "/v1/documents/{collection}/{external_id}/versions/{version}",
        "A version with its text (scope documents or approve)",
        "200",
        Some("VersionView"),
    ),
    (
        "post",
        "/v1/documents/{collection}/{external_id}/versions/{version}/approve",
        "Let a draft answer (scope approve; not by its uploader)",
        "200",
        Some("DocumentView"),
    ),
    (
        "post",
        "/v1/documents/{collection}/{external_id}/versions/{version}/revoke",
        "Take an approval back (scope approve)",
        "200",
        Some("DocumentView"),
    ),
    (
        "post",
        "/v1/documents/{collection}/{external_id}/versions/{version}/quarantine",
        "Stop a version with a reason (scope documents or approve)",
        "200",
        Some("DocumentView"),
    ),
    (
        "post",
        "/v1/documents/{collection}/{external_id}/versions/{version}/release",
        "Release a version from quarantine (scope approve; not by its uploader)",
        "200",
        Some("DocumentView"),
    ),
    (
        "get",
        "/v1/documents",
        "List documents of your collections (scope search, documents or approve)",
        "200",
        None,
    ),
    (
        "get",
        "/v1/documents/{id}/impact",
        "Answers that cited a document or a version (scope documents or approve)",
        "200",
        None,
    ),
    (
        "post",
        "/v1/search",
        "Search documents",
        "200",
        Some("RetrieveResponse"),
    ),
    (
        "post",
        "/v1/retrieve",
        "Retrieve evidence (orchestrator only)",
        "200",
        Some("RetrieveResponse"),
    ),
    ("get", "/v1/health", "Alive", "200", None),
    ("get", "/v1/health/ready", "Ready", "200", None),
    ("get", "/v1/health/startup", "Started", "200", None),
    ("get", "/metrics", "Prometheus metrics", "200", None),
];

/// The orchestrator's OpenAPI 3.1 document.
pub fn orchestrator() -> Value {
    document("chatbot orchestrator", &ORCHESTRATOR)
}

/// The rag role's OpenAPI 3.1 document.
pub fn rag() -> Value {
    document("chatbot rag", &RAG)
}

fn document(title: &str, operations: &[Operation]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let (method, path, ..) = operation;
        let item = paths.entry(*path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert((*method).to_owned(), describe(operation));
        }
    }
    let components = serde_json::to_value(Schemas::openapi())
        .ok()
        .and_then(|mut value| value.get_mut("components").map(Value::take))
        .unwrap_or_else(|| json!({}));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": components,
        "security": [{ "api_key": [] }],
    });
    if let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        components.insert(
            "securitySchemes".into(),
            json!({ "api_key": { "type": "http", "scheme": "bearer" } }),
        );
    }
    document
}

/// The names of an operation's query parameters.
fn query(method: &str, path: &str) -> &'static [&'static str] {
    match (method, path) {
        ("put", "/v1/documents/{collection}/{external_id}") => &[
            "title",
            "owner",
            "jurisdiction",
            "audience",
            "effective_from",
            "review_by",
            "expires_at",
            "supersedes",
            "source",
            "source_validator",
        ],
        ("get", "/v1/documents") => &["collection", "status", "due_for_review", "cursor", "limit"],
        ("get", "/v1/documents/{id}/impact") => &["version"],
        _ => &[],
    }
}

/// The request bodies that no Rust type describes.
fn request_body(path: &str) -> Option<Value> {
    let schema = match path {
        "/v1/chat/completions" => compatible::schema(),
        path if path.ends_with("/quarantine") => json!({
            "type": "object",
            "required": ["reason"],
            "properties": { "reason": { "type": "string" } },
        }),
        _ => return None,
    };
    Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }))
}

fn path_parameter(name: &str) -> Value {
    let schema = json!({ "type": "string" });
    if name != "external_id" {
        return json!({ "name": name, "in": "path", "required": true, "schema": schema });
    }
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": external_id::MAX_CHARS });
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": external_id::ALLOWED,
        "schema": schema,
    })
}

fn describe(&(method, path, summary, status, schema): &Operation) -> Value {
    let in_query = query(method, path)
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
    let parameters: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(path_parameter)
        .chain(in_query)
        .collect();
    let content = schema.map_or_else(
        || json!({}),
        |name| {
            let reference = format!("#/components/schemas/{name}");
            json!({ "application/json": { "schema": { "$ref": reference } } })
        },
    );
    let mut operation = json!({
        "summary": summary,
        "parameters": parameters,
        "responses": {
            status: { "description": "Success", "content": content },
            "default": { "description": "application/problem+json (RFC 9457)" },
        },
    });
    if let (Some(body), Some(operation)) = (request_body(path), operation.as_object_mut()) {
        operation.insert("requestBody".into(), body);
    }
    operation
}

/// Shows the orchestrator's document.
pub async fn show_orchestrator() -> HttpResponse {
    HttpResponse::Ok().json(orchestrator())
}

/// Shows the rag role's document.
pub async fn show_rag() -> HttpResponse {
    HttpResponse::Ok().json(rag())
}
