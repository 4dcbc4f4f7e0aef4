//! The client of rag's `POST /v1/retrieve`: one deadline, one retry on another connection.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep};

use crate::domain::evidence::{RetrieveRequest, RetrieveResponse};
use crate::http::request_id;

/// The pause before the second attempt if the first one failed at once, because replicas come and
/// go.
const PAUSE: Duration = Duration::from_millis(100);

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
}

/// The reason why there is no evidence.
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
        })
    }

    /// Returns the evidence for a question within the deadline, which includes the retry: the first
    /// attempt may take half of it.
    pub async fn retrieve(
        &self,
        request: &RetrieveRequest,
        id: &str,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let end = Instant::now() + self.deadline;
        let first = self
            .attempt(&self.http, &self.token, request, id, self.deadline / 2)
            .await;
        match (first, &self.previous) {
            (Err(RetrievalError::Status(401)), Some(previous)) => {
                let left = end.saturating_duration_since(Instant::now());
                self.attempt(&self.fresh, previous, request, id, left).await
            }
            // A retry would not change the answer. A 408 is different: a server sends it when a
            // request arrives on an idle connection that it is about to close.
            (first @ (Err(RetrievalError::Status(400..=407 | 409..=499)) | Ok(_)), _) => first,
            (Err(error), _) => {
                tracing::warn!(error = %error, "retrieval failed; trying once more");
                if !matches!(error, RetrievalError::Timeout) {
                    sleep(PAUSE).await;
                }
                let left = end.saturating_duration_since(Instant::now());
                self.attempt(&self.fresh, &self.token, request, id, left)
                    .await
            }
        }
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        token: &SecretString,
        request: &RetrieveRequest,
        id: &str,
        deadline: Duration,
    ) -> Result<RetrieveResponse, RetrievalError> {
        let response = http
            .post(&self.url)
            .timeout(deadline)
            .bearer_auth(token.expose_secret())
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// The reply to a connection: a response, or silence until the client gives up.
    type Reply = Option<(u16, &'static str)>;

    /// Replies to the connections in this order; returns what they sent, and the open connections,
    /// because dropping them would end the silence.
    async fn serve(listener: TcpListener, replies: Vec<Reply>) -> (Vec<String>, Vec<TcpStream>) {
        let mut requests = Vec::new();
        let mut open: Vec<TcpStream> = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 4_096];
            let length = stream.read(&mut buffer).await.unwrap();
            requests.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            if let Some((status, body)) = reply {
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream
                    .write_all(format!("{head}{body}").as_bytes())
                    .await
                    .unwrap();
            }
            open.push(stream);
        }
        (requests, open)
    }

    async fn run(replies: Vec<Reply>) -> (Result<RetrieveResponse, RetrievalError>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let client = RetrievalClient::new(
            &url,
            SecretString::from("t0ken"),
            Some(SecretString::from("0ld")),
            Duration::from_millis(800),
        )
        .unwrap();
        let request = RetrieveRequest {
            query: "q".into(),
            collections: None,
            limit: Some(3),
        };
        let expected = replies.len();
        let asked = client.retrieve(&request, "request-1");
        let (answer, (requests, _open)) = tokio::join!(asked, serve(listener, replies));
        assert_eq!(requests.len(), expected);
        (answer, requests)
    }

    const EMPTY: &str = "{\"results\":[],\"degraded\":null}";

    #[tokio::test]
    async fn sends_the_credential_and_the_request_id() {
        let (answer, requests) = run(vec![Some((200, EMPTY))]).await;
        assert!(answer.is_ok());
        assert!(requests[0].starts_with("POST /v1/retrieve HTTP/1.1"));
        assert!(requests[0].contains("authorization: Bearer t0ken"));
        assert!(requests[0].contains("x-request-id: request-1"));
    }

    #[tokio::test]
    async fn a_silent_or_failing_replica_costs_one_retry_on_another_connection() {
        assert!(run(vec![None, Some((200, EMPTY))]).await.0.is_ok());
        assert!(
            run(vec![Some((503, "{}")), Some((200, EMPTY))])
                .await
                .0
                .is_ok()
        );
        assert!(
            run(vec![Some((408, "")), Some((200, EMPTY))])
                .await
                .0
                .is_ok()
        );
        assert!(
            run(vec![Some((200, "{")), Some((200, EMPTY))])
                .await
                .0
                .is_ok()
        );
    }

    #[tokio::test]
    async fn there_is_one_retry_and_one_deadline() {
        let begun = Instant::now();
        assert!(matches!(
            run(vec![None, None]).await.0,
            Err(RetrievalError::Timeout)
        ));
        assert!(begun.elapsed() < Duration::from_millis(1_500));
        let (answer, _) = run(vec![Some((500, "{}")), Some((500, "{}"))]).await;
        assert!(matches!(answer, Err(RetrievalError::Status(500))));
    }

    #[tokio::test]
    async fn a_rejected_request_is_not_repeated() {
        assert!(matches!(
            run(vec![Some((403, "{}"))]).await.0,
            Err(RetrievalError::Status(403))
        ));
    }

    #[tokio::test]
    async fn a_replica_that_does_not_know_the_token_yet_is_shown_the_previous_one() {
        let (answer, requests) = run(vec![Some((401, "{}")), Some((200, EMPTY))]).await;
        assert!(answer.is_ok());
        assert!(requests[0].contains("authorization: Bearer t0ken"));
        assert!(requests[1].contains("authorization: Bearer 0ld"));
        let (answer, _) = run(vec![Some((401, "{}")), Some((401, "{}"))]).await;
        assert!(matches!(answer, Err(RetrievalError::Status(401))));
    }
}
