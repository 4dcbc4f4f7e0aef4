//! How often one may ask, and what every answer carries.

use std::fs::File;
use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::system::{Setup, System, authority};
use crate::support::{unique, until};

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_request_has_a_limit_of_its_own() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "2")
        .with("CHATBOT__RAG__REQUESTS_PER_MINUTE", "2");
    let mut system = System::start_with(setup).await;
    let scopes = ["chat", "search", "documents"];
    system.key = system.setup.key(&unique("person"), &scopes);
    let feedback = "/v1/messages/01890a5d-ac96-774b-bcce-b302099a8057/feedback";
    let document = |number: u8| system.document(&format!("{number}.txt")).text("Soap.");
    for number in 0..3 {
        let search = system.rag(Method::POST, "/v1/search");
        let search = search.json(&json!({ "query": "soap" }));
        for (request, status) in [
            (system.post("/v1/conversations", &json!({})), 201),
            (system.post(feedback, &json!({ "rating": "up" })), 404),
            (search, 200),
            (document(number).put(), 202),
        ] {
            let answer = send(request).await;
            let url = answer.url().clone();
            assert_eq!(
                answer.status(),
                if number < 2 { status } else { 429 },
                "{url}"
            );
            if number == 2 {
                assert!(header(&answer, "retry-after").parse::<u32>().unwrap() > 0);
                let problem: Value = answer.json().await.unwrap();
                assert!(problem["detail"].as_str().unwrap().contains("Retry-After"));
            }
        }
    }
    // Reading has none.
    document(0).until_indexed().await;
    // Another person has budgets of her own.
    system.key = system.setup.key(&unique("person"), &scopes);
    let answer = send(system.post("/v1/conversations", &json!({}))).await;
    assert_eq!(answer.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn ingestion_waits_when_it_is_told_to() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__RAG__REQUESTS_PER_MINUTE", "60");
    let system = System::start_with(setup).await;
    let key = system.setup.key(&unique("library"), &["documents"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.jsonl");
    let line = |number: u32| json!({ "_id": number.to_string(), "text": "A note." }).to_string();
    let lines: Vec<String> = (0..62).map(line).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut command = system.setup.chatbot();
    command
        .arg("ingest")
        .arg(&file)
        .args(["--collection", "notes"]);
    command.args(["--url", &system.rag.url, "--api-key", &key]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("62 indexed"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_kept_or_guessed() {
    let system = System::start().await;
    system.conversation().await;
    let (own, rag) = (&system.orchestrator.url, &system.rag.url);
    let get = |url: String| system.http.get(url).bearer_auth(&system.key);
    let nonsense = system.http.post(format!("{own}/v1/conversations"));
    for (request, status) in [
        (get(format!("{own}/v1/conversations")), 200),
        (get(format!("{own}/v1/nothing")), 404),
        (get(format!("{own}/v1/conversations?limit=x")), 400),
        (get(format!("{own}/health")), 200),
        (system.http.get(format!("{own}/v1/conversations")), 401),
        (nonsense.bearer_auth(&system.key).body("x"), 415),
        (get(format!("{rag}/v1/documents")), 200),
        (get(format!("{rag}/v1/documents/a/b.txt")), 404),
        (get(format!("{rag}/metrics")), 200),
        (system.http.post(format!("{rag}/v1/retrieve")), 401),
    ] {
        let answer = send(request).await;
        let url = answer.url().clone();
        assert_eq!(answer.status(), status, "{url}");
        assert_eq!(header(&answer, "cache-control"), "no-store", "{url}");
        assert_eq!(
            header(&answer, "x-content-type-options"),
            "nosniff",
            "{url}"
        );
    }
    let style = send(get(format!("{own}/assets/style.css"))).await;
    assert_eq!(header(&style, "cache-control"), "no-cache");
    assert_eq!(header(&style, "x-content-type-options"), "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_and_names_lose_what_acts_unseen() {
    let system = System::start().await;
    let hostile = "Ward\u{202e} 7\u{1b}[2J\0\u{e0041}\nB";
    let created = send(system.post("/v1/conversations", &json!({ "title": hostile }))).await;
    let created: Value = created.json().await.unwrap();
    assert_eq!(created["title"], "Ward 7[2J B");
    let url = reqwest::Url::parse_with_params("http://q", [("title", hostile)]).unwrap();
    let ward = system.document("ward.txt").text("The ward is open.");
    let put = ward.query(url.query().unwrap()).upload().await;
    assert_eq!(put["document"]["title"], "Ward 7[2J B");
    let create = |name: &str, owner: &str| {
        let mut command = system.setup.chatbot();
        command.args(["keys", "create", "--scope", "chat", "--name", name]);
        command.args(["--owner", owner]).output().unwrap()
    };
    assert!(create("desk\u{1b}[2J\u{202e}", "desk").status.success());
    let refused = create("desk", "de\u{202e}sk");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("`--owner`"));
    let listed = system.setup.chatbot().args(["keys", "list"]).output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    assert!(listed.contains("desk[2J"), "{listed}");
    assert!(!listed.contains(['\u{1b}', '\u{202e}']), "{listed:?}");
}

/// A system whose roles print into files of this folder.
async fn printing(folder: &std::path::Path) -> System {
    let folder = folder.to_owned();
    let setup = Setup::new().await.with("CHATBOT__LOG__FILTER", "info");
    let setup = setup.printing(move |role| File::create(folder.join(role)).unwrap());
    System::start_with(setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_counted_slowed_and_told_once() {
    let logs = tempfile::tempdir().unwrap();
    let system = printing(logs.path()).await;
    let guess = |number: u32| {
        let key = format!("cb_guess{number}");
        let list = system.at(Method::GET, "/v1/conversations", &key);
        async move {
            let begun = Instant::now();
            let answer = send(list).await;
            assert_eq!(answer.status(), 401);
            begun.elapsed() >= Duration::from_secs(1)
        }
    };
    let slow = join_all((0..60).map(guess)).await;
    assert!(slow.iter().filter(|slow| **slow).count() >= 20, "{slow:?}");
    // A person with a key does not wait for those who guess.
    let begun = Instant::now();
    let (_, known) = tokio::join!(
        join_all((60..70).map(guess)),
        send(system.post("/v1/conversations", &json!({})))
    );
    assert_eq!(known.status(), 201);
    assert!(begun.elapsed() < Duration::from_mins(1));
    let metrics = system.metrics().await;
    let counted = "chatbot_auth_failures_total{credential=\"unknown\"} 70";
    assert!(metrics.contains(counted), "{metrics}");
    let said = std::fs::read_to_string(logs.path().join("orchestrator")).unwrap();
    let told: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("not accepted"))
        .collect();
    assert!((1..=2).contains(&told.len()), "{said}");
    assert!(told[0].contains("127.0.0.0/24"), "{said}");
    assert!(
        !said.contains("guess") && !said.contains("127.0.0.1\""),
        "{said}"
    );
}

/// Writes this and hangs up, whatever the answer is.
async fn shout(address: &str, bytes: &[u8], waits: bool) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The server may hang up before it has read all of it.
    let _ = socket.write_all(bytes).await;
    if waits {
        let mut answer = Vec::new();
        let read = socket.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_do_wrong_is_no_error_of_ours() {
    let logs = tempfile::tempdir().unwrap();
    let system = printing(logs.path()).await;
    let key = &system.key;
    let upload = format!(
        "PUT /v1/documents/patients/a.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: text/plain\r\nContent-Length: 1000\r\n\r\nhalf"
    );
    let ask = format!(
        "POST /v1/conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n"
    );
    for url in [&system.orchestrator.url, &system.rag.url] {
        let address = authority(url);
        for nonsense in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            b"GET / HTTP/9.9\r\n\r\n",
            b"nonsense\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost",
            upload.as_bytes(),
            ask.as_bytes(),
        ] {
            for waits in [true, false] {
                shout(&address, nonsense, waits).await;
            }
        }
        let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "y".repeat(300_000));
        shout(&address, long.as_bytes(), true).await;
    }
    for url in [&system.orchestrator.url, &system.rag.url] {
        let metrics = || async {
            let answer = send(system.http.get(format!("{url}/metrics"))).await;
            answer.text().await.unwrap().contains("status=\"404\"")
        };
        until("some of it was answered", metrics).await;
    }
    for role in ["orchestrator", "rag"] {
        let said = std::fs::read_to_string(logs.path().join(role)).unwrap();
        assert!(said.contains("ready"), "{said}");
        assert!(!said.contains("ERROR"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_rag_would_answer_too_late_is_refused_before_any_work() {
    let system = System::start().await;
    // From the first search on, rag knows how long a question takes.
    system.search("Who may visit?").await;
    let url = format!("{}/v1/retrieve", system.rag.url);
    for (wait, status, retry_after) in [("0", 503, "1"), ("30000", 200, "")] {
        let answer = system
            .http
            .post(&url)
            .bearer_auth("internal-token-of-a-test-and-of-nothing-else")
            .header("x-deadline-ms", wait)
            .json(&json!({ "query": "Who may visit at night?" }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{wait}");
        assert_eq!(header(&answer, "retry-after"), retry_after);
    }
}
