//! Bad input: each a clear 4xx or a `failed` with a reason, and nothing lost.

use std::io::{Cursor, Write as _};

use futures::stream;
use pdf_extract::{
    Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat,
};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::system::System;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// The status and the title of a problem; fails the test if the answer is anything else.
async fn problem(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let body: Value = answer.json().await.unwrap();
    let kind = body["type"].as_str().unwrap();
    assert!(kind.starts_with("urn:chatbot:problem:"), "{body}");
    assert_eq!(body["status"], status, "{body}");
    assert!(!body["request_id"].as_str().unwrap().is_empty(), "{body}");
    let says = body["detail"].as_str().unwrap_or_default();
    assert!(!says.is_empty(), "it does not say what to do: {body}");
    (status, says.to_owned())
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    problem(request).await.0
}

async fn count(system: &System, table: &str) -> i64 {
    let query = format!("SELECT count(*) AS n FROM {table}");
    system.database().number(&query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn messages() {
    let system = System::start().await;
    let path = system.conversation().await;
    let url = format!("{}{path}", system.orchestrator.url);
    let ask = |body: &Value| system.post(&path, body);
    let raw = |body: Vec<u8>| {
        let request = system.http.post(&url).bearer_auth(&system.key);
        request
            .header("content-type", "application/json")
            .body(body)
    };
    let longer = "x".repeat(5_000);
    let mebibyte = "x".repeat(1 << 20);
    assert_eq!(status(ask(&json!({ "content": "  " }))).await, 422);
    assert_eq!(status(ask(&json!({ "content": longer }))).await, 422);
    assert_eq!(status(ask(&json!({ "content": mebibyte }))).await, 413);
    assert_eq!(status(ask(&json!({ "content": 7 }))).await, 422);
    assert_eq!(status(ask(&json!({}))).await, 422);
    assert_eq!(
        status(ask(&json!({ "content": "x", "more": 1 }))).await,
        422
    );
    assert_eq!(
        status(ask(&json!({ "content": "x", "collections": [""] }))).await,
        422
    );
    assert_eq!(status(raw(b"{".to_vec())).await, 400);
    assert_eq!(status(raw(b"".to_vec())).await, 400);
    assert_eq!(status(raw(b"{\"content\":\"\xff\"}".to_vec())).await, 400);
    let plain = system.http.post(&url).bearer_auth(&system.key);
    assert_eq!(status(plain.body("{\"content\":\"x\"}")).await, 415);
    let keyed = ask(&json!({ "content": "x" })).header("idempotency-key", "k".repeat(500));
    assert_eq!(status(keyed).await, 400);
    assert_eq!(count(&system, "turns").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_addresses() {
    let system = System::start().await;
    let path = system.conversation().await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let get = |path: &str| {
        let url = format!("{}{path}", system.orchestrator.url);
        system.http.get(url).bearer_auth(&system.key)
    };
    for id in [unknown, "not-an-id", "1", "%00", "..%2f.."] {
        let ask = format!("/v1/conversations/{id}/messages");
        let body = json!({ "content": "x" });
        assert_eq!(status(system.post(&ask, &body)).await, 404, "{id}");
        for path in [
            format!("/v1/conversations/{id}"),
            format!("/v1/turns/{id}"),
            format!("/v1/turns/{id}/events"),
        ] {
            assert_eq!(status(get(&path)).await, 404, "{path}");
        }
    }
    assert_eq!(status(get("/v1/nothing")).await, 404);
    assert_eq!(status(get("/v1/conversations?limit=0")).await, 422);
    assert_eq!(status(get("/v1/conversations?limit=many")).await, 400);
    assert_eq!(status(get("/v1/conversations?other=1")).await, 400);
    let done = system.ask(&path, "Hello?").await;
    let events = format!("/v1/turns/{}/events", done["turn_id"].as_str().unwrap());
    let endless = format!("{}:{}", done["turn_id"].as_str().unwrap(), u64::MAX);
    for last in ["something", &endless] {
        let resume = get(&events).header("last-event-id", last);
        assert_eq!(status(resume).await, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_conversation() {
    let system = System::start().await;
    let path = system.conversation().await;
    let done = system.ask(&path, "Hello?").await;
    let turn = done["turn_id"].as_str().unwrap();
    let answer = done["message_id"].as_str().unwrap();
    let other = system.setup.key("bert", &["chat"]);
    let conversation = path.strip_suffix("/messages").unwrap();
    let url = |path: &str| format!("{}{path}", system.orchestrator.url);
    let http = &system.http;
    let requests = [
        http.get(url(conversation)),
        http.delete(url(conversation)),
        http.post(url(&path)).json(&json!({ "content": "x" })),
        http.get(url(&format!("/v1/turns/{turn}"))),
        http.get(url(&format!("/v1/turns/{turn}/events"))),
        http.post(url(&format!("/v1/turns/{turn}/cancel"))),
        http.post(url(&format!("/v1/messages/{answer}/feedback")))
            .json(&json!({ "rating": "up" })),
    ];
    for request in requests {
        assert_eq!(status(request.bearer_auth(&other)).await, 404);
    }
    let list = http.get(url("/v1/conversations")).bearer_auth(&other);
    let list: Value = list.send().await.unwrap().json().await.unwrap();
    assert_eq!(list["conversations"], json!([]));
    assert_eq!(count(&system, "turns").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    let system = System::start().await;
    let ask = |key: Option<&str>| {
        let url = format!("{}/v1/conversations", system.orchestrator.url);
        let request = system.http.post(url).json(&json!({}));
        match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    };
    assert_eq!(status(ask(None)).await, 401);
    assert_eq!(status(ask(Some("cb_0000"))).await, 401);
    let reader = system.setup.key("carl", &["search"]);
    assert_eq!(status(ask(Some(&reader))).await, 403);
    let upload = system.http.put(system.document_url("a.txt"));
    let upload = upload.bearer_auth(&reader).body("text");
    assert_eq!(
        status(upload.header("content-type", "text/plain")).await,
        403
    );
    // The credential of the orchestrator is nobody's key, and nobody's key is that credential.
    let retrieve = system.http.post(format!("{}/v1/retrieve", system.rag.url));
    let retrieve = retrieve.bearer_auth(&system.key);
    assert_eq!(status(retrieve.json(&json!({ "query": "x" }))).await, 401);

    let key = system.setup.key("dora", &["chat"]);
    assert_eq!(ask(Some(&key)).send().await.unwrap().status().as_u16(), 201);
    let listed = system.setup.chatbot().args(["keys", "list"]).output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let line = listed.lines().find(|line| line.contains("owner=dora"));
    let id = line.unwrap().split_whitespace().next().unwrap();
    assert!(!listed.contains(&key), "a listed key is a leaked key");
    let revoke = system.setup.chatbot().args(["keys", "revoke", id]).status();
    assert!(revoke.unwrap().success());
    assert_eq!(status(ask(Some(&key))).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_for_two_questions() {
    let system = System::start().await;
    let path = system.conversation().await;
    let ask = |content: &str| {
        let request = system.post(&path, &json!({ "content": content }));
        request.header("idempotency-key", "one")
    };
    let first: Value = ask("Hello?").send().await.unwrap().json().await.unwrap();
    assert_eq!(status(ask("Something else")).await, 409);
    let again: Value = ask("Hello?").send().await.unwrap().json().await.unwrap();
    assert_eq!(first, again);
    assert_eq!(count(&system, "turns").await, 1);
    assert_eq!(count(&system, "messages").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_refused() {
    let system = System::start().await;
    let put = |name: &str, media_type: &str| {
        let request = system.http.put(system.document_url(name));
        request
            .bearer_auth(&system.key)
            .header("content-type", media_type)
    };
    assert_eq!(status(put("empty.txt", "text/plain").body("")).await, 422);
    assert_eq!(status(put("a.png", "image/png").body("x")).await, 415);
    assert_eq!(status(put("a%22b.txt", "text/plain").body("x")).await, 422);
    let titled = put(&format!("a.txt?title={}", "t".repeat(1_001)), "text/plain");
    assert_eq!(status(titled.body("x")).await, 422);
    // 100 MiB, which nobody reads to the end: the answer comes long before.
    let mebibyte = vec![b'x'; 1 << 20];
    let pieces = stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(mebibyte.clone())));
    let huge = put("huge.txt", "text/plain").body(reqwest::Body::wrap_stream(pieces));
    let (status, says) = problem(huge).await;
    assert_eq!(status, 413);
    assert!(says.contains("33554432 bytes"), "{says}");
    assert_eq!(count(&system, "documents").await, 0);
}

fn zip_bomb() -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("[Content_Types].xml", options).unwrap();
    archive.start_file("word/document.xml", options).unwrap();
    let mebibyte = vec![b' '; 1 << 20];
    for _ in 0..300 {
        archive.write_all(&mebibyte).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn encrypted_pdf() -> Vec<u8> {
    let plain = include_bytes!("../../samples/blood-thinners.pdf");
    let mut document = Document::load_mem(plain).unwrap();
    let id = Object::String(vec![7; 16], StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let state = EncryptionState::try_from(EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "secret",
        key_length: 128,
        permissions: Permissions::all(),
    });
    document.encrypt(&state.unwrap()).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_cannot_be_read_say_why() {
    let system = System::start().await;
    let docx = include_bytes!("../../samples/hand-hygiene.docx");
    let truncated = docx.get(..docx.len() / 2).unwrap().to_vec();
    let bomb = zip_bomb();
    assert!(bomb.len() < 1 << 20);
    let cases: [(&str, &str, Vec<u8>, &str); 6] = [
        (
            "encrypted.pdf",
            "application/pdf",
            encrypted_pdf(),
            "encrypted",
        ),
        ("truncated.docx", DOCX, truncated, "damaged"),
        ("bomb.docx", DOCX, bomb, "more than can be processed"),
        (
            "fake.pdf",
            "application/pdf",
            b"<html>not a pdf</html>".to_vec(),
            "it is HTML",
        ),
        ("latin.txt", "text/plain", b"caf\xe9".to_vec(), "UTF-8"),
        ("blank.md", "text/markdown", b" \n\t ".to_vec(), "No text"),
    ];
    for (name, media_type, bytes, _) in &cases {
        system.put(name, media_type, bytes.clone()).await;
    }
    for (name, _, _, reason) in cases {
        let view = system.settled(name).await;
        assert_eq!(view["version_status"], "failed", "{view}");
        let told = view["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{name}: {told}");
    }
    // Nothing of them is searchable, and the next document is.
    assert_eq!(count(&system, "chunks").await, 0);
    system.put("fine.txt", "text/plain", "All is well.").await;
    assert_eq!(
        system.settled("fine.txt").await["version_status"],
        "indexed"
    );
    assert_eq!(count(&system, "dead_letters").await, 0);
}
