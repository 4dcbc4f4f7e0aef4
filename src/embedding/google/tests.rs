//! Tests against a scripted server on this machine.

use super::*;
use crate::embedding::test_server::{Reply, TestServer};

fn embedder(server: &TestServer, timeout_ms: u64) -> GoogleEmbedder {
    let mut config = EmbeddingConfig {
        timeout_ms,
        ..EmbeddingConfig::default()
    };
    config.google.base_url = format!("{}/v1beta/", server.url());
    config.google.api_key = Some(SecretString::from("test-key".to_owned()));
    config.google.dimension = 2;
    GoogleEmbedder::new(&config).unwrap()
}

fn vectors(count: usize) -> Reply {
    let embeddings = vec![serde_json::json!({"values": [3.0, 4.0]}); count];
    Reply::ok(&serde_json::json!({ "embeddings": embeddings }).to_string())
}

#[tokio::test]
async fn a_query_is_sent_as_google_expects_it_and_normalised() {
    let server = TestServer::start(vec![vectors(1)]);
    let embedder = embedder(&server, 5_000);
    let vector = embedder
        .embed_query("What is asthma?".into())
        .await
        .unwrap();
    assert_eq!(vector, [0.6, 0.8]);
    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v1beta/models/gemini-embedding-001:batchEmbedContents HTTP/1.1")
    );
    assert!(head.contains("x-goog-api-key: test-key"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"requests": [{
            "model": "models/gemini-embedding-001",
            "content": {"parts": [{"text": "What is asthma?"}]},
            "taskType": "RETRIEVAL_QUERY",
            "outputDimensionality": 2,
        }]})
    );
}

#[tokio::test]
async fn passages_go_in_batches_of_a_hundred() {
    let server = TestServer::start(vec![vectors(100), vectors(30)]);
    let embedder = embedder(&server, 5_000);
    let texts = (0..130).map(|n| format!("passage {n}")).collect();
    assert_eq!(embedder.embed_passages(texts).await.unwrap().len(), 130);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].contains("passage 129") && requests[1].contains("RETRIEVAL_DOCUMENT"));
}

#[tokio::test]
async fn a_failed_batch_does_not_repeat_the_earlier_ones() {
    let busy = || Reply::status(503);
    let server = TestServer::start(vec![vectors(100), busy(), busy(), vectors(1)]);
    let texts = (0..101).map(|n| format!("passage {n}")).collect();
    let vectors = embedder(&server, 5_000).embed_passages(texts).await;
    assert_eq!(vectors.unwrap().len(), 101);
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(
        requests[1..]
            .iter()
            .all(|sent| sent.contains("passage 100"))
    );
}

#[tokio::test]
async fn one_retry_after_a_temporary_failure() {
    let busy = || Reply::status(429).header("Retry-After", "0");
    let server = TestServer::start(vec![busy(), vectors(1)]);
    assert!(
        embedder(&server, 5_000)
            .embed_query("a".into())
            .await
            .is_ok()
    );

    let server = TestServer::start(vec![busy(), busy(), vectors(1)]);
    let outcome = embedder(&server, 5_000).embed_query("a".into()).await;
    assert_eq!(outcome, Err(EmbedError::Remote { status: 429 }));
    assert!(outcome.unwrap_err().is_retryable());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn no_retry_after_a_permanent_failure_or_past_the_deadline() {
    let server = TestServer::start(vec![Reply::status(400), vectors(1)]);
    let outcome = embedder(&server, 5_000).embed_query("a".into()).await;
    assert_eq!(outcome, Err(EmbedError::Remote { status: 400 }));
    assert_eq!(server.requests().len(), 1);

    let server = TestServer::start(vec![Reply::status(503).header("Retry-After", "60")]);
    let outcome = embedder(&server, 5_000).embed_query("a".into()).await;
    assert_eq!(outcome, Err(EmbedError::Remote { status: 503 }));
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let server = TestServer::start(vec![Reply::silence()]);
    let outcome = embedder(&server, 100).embed_query("a".into()).await;
    assert_eq!(outcome, Err(EmbedError::Timeout));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_an_error() {
    let bad = [
        vectors(2),
        Reply::ok(r#"{"embeddings": [{"values": [1.0]}]}"#),
        Reply::ok("<html>"),
    ];
    for reply in bad {
        let server = TestServer::start(vec![reply]);
        let outcome = embedder(&server, 5_000).embed_query("a".into()).await;
        assert!(matches!(outcome, Err(EmbedError::Model(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_unreachable_server_is_a_transport_error() {
    let server = TestServer::start(vec![]);
    let embedder = embedder(&server, 5_000);
    drop(server);
    let error = embedder.embed_query("a".into()).await.unwrap_err();
    assert!(matches!(error, EmbedError::Transport(_)), "{error:?}");
    assert!(error.is_retryable());
}

#[test]
fn a_missing_key_names_the_variable() {
    let error = GoogleEmbedder::new(&EmbeddingConfig::default())
        .err()
        .unwrap();
    assert!(error.to_string().contains("GOOGLE_API_KEY"));
}
