//! The client of rag's `POST /v1/retrieve`: one deadline, one more attempt on another connection.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::domain::evidence::{RetrieveRequest, RetrieveResponse};
use crate::http::{deadline, request_id};

/// The pause before the second attempt if the first one failed at once, because replicas come and
/// go.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a question waits for replicas that are too busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most attempts at once that go on beside a slow one.
const HEDGES: usize = 4;

/// Asks rag for evidence.
pub struct RetrievalClient {
    http: reqwest::Client,
    /// Keeps no connections, so that a retry never meets the one that has just failed.
    fresh: reqwest::Client,
    url: String,
    token: SecretString,
    /// The previous token, for replicas of rag that do not know the new one yet during a rotation.
    previous: Option<SecretString>,
    deadline: Duration,
    /// The room for attempts beside slow ones.
    hedges: Semaphore,
}

/// The reason why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum RetrievalError {
    #[error("rag did not answer in time")]
    Timeout,
    #[error("rag cannot be reached")]
    Unreachable,
    #[error("rag has too many questions")]
    Busy(Duration),
    #[error("rag answered with status {0}")]
    Status(u16),
}

impl RetrievalError {
    /// Whether another attempt would end alike, at another replica too. A 408 is different: a server sends it when a
    /// request arrives on an idle connection that it is about to close.
    fn is_final(&self) -> bool {
        matches!(self, Self::Status(400..=407 | 409..=499))
    }
}

impl RetrievalClient {
    /// Creates a client of the rag role at this base URL.
    pub fn new(
        base_url: &str,
        token: SecretString,
        previous: Option<SecretString>,
        deadline: Duration,
    ) -> Result<Self, reqwest::Error> {
        // Requests stay inside the cluster: no proxy, and no redirects.
        let client = |idle: usize| {
            reqwest::Client::builder()
                .connect_timeout(deadline / 4)
                .pool_max_idle_per_host(idle)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
        };
        Ok(Self {
            http: client(32)?,
            fresh: client(0)?,
            url: format!("{}/v1/retrieve", base_url.trim_end_matches('/')),
            token,
            previous,
            deadline,
            hedges: Semaphore::new(HEDGES),
        })
    }

    /// Returns the evidence for a question. A replica that is too busy says so before it begins. If
    /// the next one is busy too, the question waits.
    pub async fn retrieve(
        &self,
        request: &RetrieveRequest,
        id: &str,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.ask(request, id).await {
                Err(RetrievalError::Busy(pause)) if Instant::now() + pause < end => {
                    sleep(pause).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Asks within the deadline. An attempt that fails is followed by one on another connection; one
    /// that is slow goes on beside it, because its replica may still work on it.
    async fn ask(
        &self,
        request: &RetrieveRequest,
        id: &str,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let end = Instant::now() + self.deadline;
        let mut first = pin!(self.attempt(&self.http, &self.token, request, id, end));
        if let Ok(first) = timeout(self.deadline / 2, first.as_mut()).await {
            return match first {
                Err(error) if !error.is_final() => {
                    tracing::warn!(error = %error, "retrieval failed; trying once more");
                    sleep(PAUSE).await;
                    self.attempt(&self.fresh, &self.token, request, id, end)
                        .await
                }
                first => self.or_previous(first, request, id, end).await,
            };
        }
        let second = pin!(self.hedge(request, id, end));
        match select(first, second).await {
            Either::Left((Err(error), second)) if !error.is_final() => second.await,
            Either::Left((first, _)) => self.or_previous(first, request, id, end).await,
            Either::Right((Err(_), first)) => first.await,
            Either::Right((answer, _)) => answer,
        }
    }

    /// Asks once more, beside an attempt that is slow. Few do so at once: if every replica is slow,
    /// twice the work would make them slower.
    async fn hedge(
        &self,
        request: &RetrieveRequest,
        id: &str,
        end: Instant,
    ) -> Result<RetrieveResponse, RetrievalError> {
        // An attempt that begins at the last moment only makes work.
        let permit = timeout_at(end.checked_sub(PAUSE).unwrap_or(end), self.hedges.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err(RetrievalError::Timeout);
        };
        tracing::warn!("retrieval is slow; asking another connection as well");
        self.attempt(&self.fresh, &self.token, request, id, end)
            .await
    }

    /// Shows the previous token to a replica that does not know the new one yet.
    async fn or_previous(
        &self,
        answer: Result<RetrieveResponse, RetrievalError>,
        request: &RetrieveRequest,
        id: &str,
        end: Instant,
    ) -> Result<RetrieveResponse, RetrievalError> {
        match (answer, &self.previous) {
            (Err(RetrievalError::Status(401)), Some(previous)) => {
                self.attempt(&self.fresh, previous, request, id, end).await
            }
            (answer, _) => answer,
        }
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        token: &SecretString,
        request: &RetrieveRequest,
        id: &str,
        end: Instant,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let left = end.saturating_duration_since(Instant::now());
        let response = http
            .post(&self.url)
            .timeout(left)
            .bearer_auth(token.expose_secret())
            .header(request_id::HEADER, id)
            .header(deadline::HEADER, left.as_millis().to_string())
            .json(request)
            .send()
            .await
            .map_err(|error| from_http(&error))?;
        if !response.status().is_success() {
            return Err(from_status(&response));
        }
        response.json().await.map_err(|error| from_http(&error))
    }
}

fn from_status(response: &reqwest::Response) -> RetrievalError {
    let pause = response.headers().get(RETRY_AFTER);
    let pause = pause.and_then(|pause| pause.to_str().ok()?.parse().ok());
    match (response.status(), pause) {
        (StatusCode::SERVICE_UNAVAILABLE, Some(seconds)) => {
            RetrievalError::Busy(Duration::from_secs(seconds))
        }
        (status, _) => RetrievalError::Status(status.as_u16()),
    }
}

fn from_http(error: &reqwest::Error) -> RetrievalError {
    if error.is_timeout() {
        RetrievalError::Timeout
    } else {
        RetrievalError::Unreachable
    }
}

#[cfg(test)]
mod tests;
