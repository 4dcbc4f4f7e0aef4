//! Tests of the client against raw connections.

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
        rephrased: Vec::new(),
        collections: None,
        limit: Some(3),
    };
    let expected = replies.len();
    let asked = client.retrieve(&request, "request-1");
    let (answer, (requests, _open)) = tokio::join!(asked, serve(listener, replies));
    assert_eq!(requests.len(), expected);
    (answer, requests)
}

fn client(listener: &TcpListener, deadline: u64) -> RetrievalClient {
    let url = format!("http://{}", listener.local_addr().unwrap());
    let deadline = Duration::from_millis(deadline);
    RetrievalClient::new(&url, SecretString::from("t0ken"), None, deadline).unwrap()
}

static QUESTION: RetrieveRequest = RetrieveRequest {
    query: String::new(),
    rephrased: Vec::new(),
    collections: None,
    limit: None,
};

async fn reply(stream: &mut TcpStream, head: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\ncontent-type: application/json\r\nconnection: close");
    let reply = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(reply.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_slow_attempt_goes_on_beside_the_next_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener, 4_000);
    let slow = async {
        let (mut first, _) = listener.accept().await.unwrap();
        // The other attempt gets no answer.
        let (_second, _) = listener.accept().await.unwrap();
        reply(&mut first, "200 OK", EMPTY).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = client.retrieve(&QUESTION, "r") => assert!(answer.is_ok()),
        () = slow => {}
    }
}

#[tokio::test]
async fn a_crowd_of_slow_attempts_is_not_doubled() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener, 1_000);
    let asked = futures::future::join_all((0..3 * HEDGES).map(|_| client.retrieve(&QUESTION, "r")));
    let mut open = Vec::new();
    let silent = async {
        loop {
            open.push(listener.accept().await.unwrap());
        }
    };
    tokio::select! {
        answers = asked => assert!(answers.iter().all(Result::is_err)),
        () = silent => {}
    }
    assert_eq!(open.len(), 4 * HEDGES);
}

#[tokio::test]
async fn a_question_waits_for_a_busy_replica() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener, 2_000);
    let busy = async {
        let busy = "503 Busy\r\nretry-after: 1";
        for head in [busy, busy, "200 OK"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            assert!(request.contains("x-deadline-ms: "), "{request}");
            reply(&mut stream, head, EMPTY).await;
        }
    };
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(client.retrieve(&QUESTION, "r"), busy);
    assert!(answer.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));
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
