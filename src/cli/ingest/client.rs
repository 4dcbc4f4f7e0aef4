//! The requests to the rag service, sent again while it is busy or away.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::web::Bytes;
use anyhow::{Context, anyhow};
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::about::About;
use super::found::{Document, Origin};
use crate::cli::ask::checked;

/// The longest pause between two attempts, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How long a server may be away in the middle of a run.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long it may be away before the first answer: a wrong address should be told soon.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);
/// How long one request may be told to come later.
const LONGEST_QUEUE: Duration = Duration::from_hours(1);
/// How long the worker may need for the document that is waited for.
const LONGEST_READING: Duration = Duration::from_mins(30);
/// The documents that one request lists.
const PAGE: &str = "500";

/// The destination of uploads.
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub api_key: Option<String>,
}

/// A request that did not succeed.
#[derive(Debug)]
pub enum Trouble {
    /// The server refuses this document, for this reason.
    Refused(String),
    /// Further requests would fare no better.
    Ends(anyhow::Error),
}

/// The documents of a collection on the server, by external id.
pub type Known = HashMap<String, Value>;

impl Client {
    /// A client with a deadline for each request.
    pub fn new(url: &str, api_key: Option<String>) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(10))
                .timeout(Duration::from_secs(150))
                .build()?,
            url: url.to_owned(),
            api_key,
        })
    }

    /// Lists a collection.
    pub async fn list(&self, collection: &str) -> anyhow::Result<Known> {
        let mut known = Known::new();
        let mut cursor: Option<String> = None;
        let mut patience = FIRST_PATIENCE;
        loop {
            let mut address = url::Url::parse(&format!("{}/v1/documents", self.url))?;
            address
                .query_pairs_mut()
                .append_pair("collection", collection)
                .append_pair("limit", PAGE);
            if let Some(cursor) = &cursor {
                address.query_pairs_mut().append_pair("cursor", cursor);
            }
            let request = || self.http.get(address.clone());
            let answer = self.send(request, patience).await;
            let mut page: Value = answer.map_err(Trouble::into_error)?.json().await?;
            let documents = page.get_mut("documents").and_then(Value::as_array_mut);
            for document in documents.into_iter().flat_map(std::mem::take) {
                known.insert(text(&document, "external_id"), document);
            }
            cursor = page
                .get("next_cursor")
                .and_then(Value::as_str)
                .map(str::to_owned);
            patience = PATIENCE;
            if cursor.is_none() {
                return Ok(known);
            }
        }
    }

    /// The address of a document: its id is one segment, in which `/` is written `%2F`.
    pub fn address(&self, collection: &str, external_id: &str) -> anyhow::Result<url::Url> {
        // The URL standard leaves these segments out.
        if [".", ".."].contains(&external_id) {
            return Err(anyhow!("`{external_id}` is no id"));
        }
        let mut address = url::Url::parse(&self.url)?;
        address
            .path_segments_mut()
            .map_err(|()| anyhow!("{} is not a base URL", self.url))?
            .extend(["v1", "documents", collection, external_id]);
        Ok(address)
    }

    /// Uploads a document. Returns whether it is new, and the server's view of it.
    pub async fn put(
        &self,
        collection: &str,
        document: &Document,
        bytes: &Bytes,
        about: &About,
    ) -> Result<(bool, Value), Trouble> {
        let refused = |error: anyhow::Error| Trouble::Refused(error.to_string());
        let address = self.address(collection, &document.external_id);
        let mut address = address.map_err(refused)?;
        {
            let mut query = address.query_pairs_mut();
            if let Some(title) = &document.title {
                query.append_pair("title", title);
            }
            if let Some(Origin { source, validator }) = &document.origin {
                query.append_pair("source", source);
                if let Some(validator) = validator {
                    query.append_pair("source_validator", validator);
                }
            }
            query.extend_pairs(about.parameters());
        }
        let request = || {
            let put = self.http.put(address.clone()).body(bytes.clone());
            put.header("content-type", &document.content_type)
        };
        let answer = self.send(request, PATIENCE).await?;
        let mut answer: Value = answer.json().await.map_err(|error| refused(error.into()))?;
        let unchanged = text(&answer, "outcome") == "unchanged";
        let view = answer.get_mut("document").map(Value::take);
        Ok((!unchanged, view.unwrap_or_default()))
    }

    /// Waits until a worker has read the document, whatever came of it.
    pub async fn read(&self, collection: &str, external_id: &str) -> Result<Value, Trouble> {
        let address = self
            .address(collection, external_id)
            .map_err(Trouble::Ends)?;
        let until = Instant::now() + LONGEST_READING;
        let mut pause = Duration::from_millis(50);
        loop {
            let answer = self
                .send(|| self.http.get(address.clone()), PATIENCE)
                .await?;
            let document: Value = answer
                .json()
                .await
                .map_err(|error| Trouble::Refused(error.to_string()))?;
            if text(&document, "version_status") != "received" {
                return Ok(document);
            }
            if Instant::now() > until {
                let minutes = LONGEST_READING.as_secs() / 60;
                return Err(Trouble::Ends(anyhow!(
                    "no worker has read {external_id} within {minutes} minutes; it is uploaded, and \
                     the same command waits for it again"
                )));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Deletes a document; one that is gone already is no trouble.
    pub async fn delete(&self, collection: &str, external_id: &str) -> Result<(), Trouble> {
        let address = self
            .address(collection, external_id)
            .map_err(Trouble::Ends)?;
        let request = || self.http.delete(address.clone());
        let answer = self
            .attempt(request, PATIENCE)
            .await
            .map_err(Trouble::Ends)?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        judged(answer).await.map(drop)
    }

    async fn send(
        &self,
        request: impl Fn() -> RequestBuilder,
        patience: Duration,
    ) -> Result<Response, Trouble> {
        let answer = self
            .attempt(request, patience)
            .await
            .map_err(Trouble::Ends)?;
        judged(answer).await
    }

    /// Sends a request again for as long as the server asks the client to wait, or is away and may
    /// come back.
    async fn attempt(
        &self,
        request: impl Fn() -> RequestBuilder,
        patience: Duration,
    ) -> anyhow::Result<Response> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        // While the server asks for patience it is there.
        let mut away_since = begun;
        loop {
            let sent = match &self.api_key {
                Some(key) => request().bearer_auth(key),
                None => request(),
            };
            let wait = match sent.send().await {
                Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
                    away_since = Instant::now();
                    if begun.elapsed() > LONGEST_QUEUE {
                        return Ok(answer);
                    }
                    retry_after(&answer).unwrap_or(pause)
                }
                Ok(answer) if passes(answer.status()) && away_since.elapsed() < patience => {
                    retry_after(&answer).unwrap_or(pause)
                }
                Ok(answer) => return Ok(answer),
                Err(error) if away_since.elapsed() < patience && !error.is_builder() => {
                    tracing::debug!("the rag service does not answer");
                    pause
                }
                Err(error) => {
                    return Err(error).with_context(|| {
                        format!("the rag service at {} cannot be reached", self.url)
                    });
                }
            };
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether a failure of the server is one that passes.
fn passes(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The time that an answer asks the client to wait.
pub fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?).min(LONGEST_WAIT))
}

/// Tells a refusal of one document from one of the client.
async fn judged(answer: Response) -> Result<Response, Trouble> {
    let status = answer.status();
    let all = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    checked(answer).await.map_err(|error| {
        if all {
            Trouble::Ends(error)
        } else {
            Trouble::Refused(error.to_string())
        }
    })
}

impl Trouble {
    pub fn into_error(self) -> anyhow::Error {
        match self {
            Self::Refused(reason) => anyhow!(reason),
            Self::Ends(error) => error,
        }
    }
}

/// A text of a view; empty if there is none.
pub fn text(document: &Value, key: &str) -> String {
    let value = document.get(key).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}
