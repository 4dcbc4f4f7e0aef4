//! The client of rag's `POST /v1/retrieve`: one deadline, one retry on another connection.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::evidence::{RetrieveRequest, RetrieveResponse};
use crate::http::request_id;

/// Asks rag for evidence.
pub struct RetrievalClient {
    http: reqwest::Client,
    url: String,
    token: SecretString,
    deadline: Duration,
}

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum RetrievalError {
    #[error("rag did not answer in time")]
    Timeout,
    #[error("rag cannot be reached")]
    Unreachable,
    #[error("rag answered with status {0}")]
    Status(u16),
}

impl RetrievalClient {
    /// A client of the rag at this base URL.
    pub fn new(
        base_url: &str,
        token: SecretString,
        deadline: Duration,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: reqwest::Client::builder()
                .connect_timeout(deadline / 2)
                // The retry must not meet the connection that has just failed.
                .pool_max_idle_per_host(32)
                .build()?,
            url: format!("{}/v1/retrieve", base_url.trim_end_matches('/')),
            token,
            deadline,
        })
    }

    /// Evidence for a question, within the deadline, the retry included.
    pub async fn retrieve(
        &self,
        request: &RetrieveRequest,
        id: &str,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let twice = async {
            match self.attempt(request, id).await {
                Err(RetrievalError::Status(status)) if status < 500 => {
                    Err(RetrievalError::Status(status))
                }
                Err(error) => {
                    tracing::warn!(error = %error, "retrieval failed; trying once more");
                    self.attempt(request, id).await
                }
                answer => answer,
            }
        };
        tokio::time::timeout(self.deadline * 2, twice)
            .await
            .map_err(|_| RetrievalError::Timeout)?
    }

    async fn attempt(
        &self,
        request: &RetrieveRequest,
        id: &str,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let response = self
            .http
            .post(&self.url)
            .timeout(self.deadline)
            .bearer_auth(self.token.expose_secret())
            .header(request_id::HEADER, id)
            .json(request)
            .send()
            .await
            .map_err(|error| from_http(&error))?;
        if !response.status().is_success() {
            return Err(RetrievalError::Status(response.status().as_u16()));
        }
        response.json().await.map_err(|error| from_http(&error))
    }
}

fn from_http(error: &reqwest::Error) -> RetrievalError {
    if error.is_timeout() {
        RetrievalError::Timeout
    } else {
        RetrievalError::Unreachable
    }
}
