//! Bad input: each a clear 4xx or a `failed` with a reason, and nothing lost.

use std::io::{Cursor, Write as _};

use futures::stream;
use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};
use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::system::System;

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

#[tokio::test(flavor = "multi_thread")]
async fn messages() {
    let system = System::start().await;
    let path = system.conversation().await.messages();
    let ask = |body: &Value| system.post(&path, body);
    let plain = || system.at(Method::POST, &path, &system.key);
    let raw = |body: Vec<u8>| {
        let request = plain().header("content-type", "application/json");
        request.body(body)
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
    let untyped = plain().body("{\"content\":\"x\"}");
    assert_eq!(status(untyped).await, 415);
    let keyed = ask(&json!({ "content": "x" })).header("idempotency-key", "k".repeat(500));
    assert_eq!(status(keyed).await, 400);
    assert_eq!(system.database().count("turns").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_addresses() {
    let system = System::start().await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    for id in [unknown, "not-an-id", "1", "%00", "..%2f.."] {
        let ask = format!("/v1/conversations/{id}/messages");
        let body = json!({ "content": "x" });
        assert_eq!(status(system.post(&ask, &body)).await, 404, "{id}");
        for path in [
            format!("/v1/conversations/{id}"),
            format!("/v1/turns/{id}"),
            format!("/v1/turns/{id}/events"),
        ] {
            assert_eq!(status(system.get(&path)).await, 404, "{path}");
        }
    }
    assert_eq!(status(system.get("/v1/nothing")).await, 404);
    assert_eq!(status(system.get("/v1/conversations?limit=0")).await, 422);
    assert_eq!(
        status(system.get("/v1/conversations?limit=many")).await,
        400
    );
    assert_eq!(status(system.get("/v1/conversations?other=1")).await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_events() {
    let system = System::start().await;
    let done = system.ask("Hello?").json().await;
    let turn = done["turn_id"].as_str().unwrap();
    let endless = format!("{turn}:{}", u64::MAX);
    for last in ["something", &endless] {
        let resume = system.get(&format!("/v1/turns/{turn}/events"));
        assert_eq!(status(resume.header("last-event-id", last)).await, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_conversation() {
    let system = System::start().await;
    let conversation = system.conversation().await;
    let done = conversation.ask("Hello?").json().await;
    let turn = done["turn_id"].as_str().unwrap();
    let answer = done["message_id"].as_str().unwrap();
    let other = system.setup.key("bert", &["chat"]);
    let requests = [
        (Method::GET, conversation.path(), json!({})),
        (Method::DELETE, conversation.path(), json!({})),
        (
            Method::POST,
            conversation.messages(),
            json!({ "content": "x" }),
        ),
        (Method::GET, format!("/v1/turns/{turn}"), json!({})),
        (Method::GET, format!("/v1/turns/{turn}/events"), json!({})),
        (Method::POST, format!("/v1/turns/{turn}/cancel"), json!({})),
        (
            Method::POST,
            format!("/v1/messages/{answer}/feedback"),
            json!({ "rating": "up" }),
        ),
    ];
    for (method, path, body) in requests {
        let request = system.at(method, &path, &other).json(&body);
        assert_eq!(status(request).await, 404, "{path}");
    }
    let list = system.at(Method::GET, "/v1/conversations", &other);
    let list: Value = list.send().await.unwrap().json().await.unwrap();
    assert_eq!(list["conversations"], json!([]));
    assert_eq!(system.database().count("turns").await, 1);
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
    let upload = format!("{}/v1/documents/patients/a.txt", system.rag.url);
    let upload = system.http.put(upload).bearer_auth(&reader).body("text");
    assert_eq!(
        status(upload.header("content-type", "text/plain")).await,
        403
    );
    // The credential of the orchestrator is nobody's key, and nobody's key is that credential.
    let retrieve = system.rag(Method::POST, "/v1/retrieve");
    assert_eq!(status(retrieve.json(&json!({ "query": "x" }))).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key() {
    let system = System::start().await;
    let ask = |key: &str| {
        let request = system.at(Method::POST, "/v1/conversations", key);
        request.json(&json!({}))
    };
    let key = system.setup.key("dora", &["chat"]);
    assert_eq!(ask(&key).send().await.unwrap().status().as_u16(), 201);
    let listed = system.setup.chatbot().args(["keys", "list"]).output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let line = listed.lines().find(|line| line.contains("owner=dora"));
    let id = line.unwrap().split_whitespace().next().unwrap();
    assert!(!listed.contains(&key), "a listed key is a leaked key");
    let revoke = system.setup.chatbot().args(["keys", "revoke", id]).status();
    assert!(revoke.unwrap().success());
    assert_eq!(status(ask(&key)).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_for_two_questions() {
    let system = System::start().await;
    let conversation = system.conversation().await;
    let ask = |content: &str| conversation.ask(content).once("one");
    let first = ask("Hello?").json().await;
    let other = ask("Something else").request("application/json").await;
    assert_eq!(status(other).await, 409);
    let again = ask("Hello?").json().await;
    assert_eq!(first, again);
    assert_eq!(system.database().count("turns").await, 1);
    assert_eq!(system.database().count("messages").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_refused() {
    let system = System::start().await;
    let document = |name: &str| system.document(name).text("x");
    let picture = document("a.png").media_type("image/png");
    let refusal = picture.put().send().await.unwrap().text().await.unwrap();
    assert!(refusal.contains("text recognition"), "{refusal}");
    let titled = format!("title={}", "t".repeat(1_001));
    for (request, expected) in [
        (document("empty.txt").text("").put(), 422),
        (picture.put(), 415),
        (document("a%00b.txt").put(), 422),
        (document("a.txt").query(&titled).put(), 422),
    ] {
        assert_eq!(status(request).await, expected);
    }
    assert_eq!(system.database().count("documents").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_end() {
    let system = System::start().await;
    // 100 MiB, which nobody reads to the end: the answer comes long before.
    let mebibyte = vec![b'x'; 1 << 20];
    let pieces = stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(mebibyte.clone())));
    let huge = system.document("huge.txt").put();
    let huge = huge.body(reqwest::Body::wrap_stream(pieces));
    let (status, says) = problem(huge).await;
    assert_eq!(status, 413);
    assert!(says.contains("33554432 bytes"), "{says}");
    assert_eq!(system.database().count("documents").await, 0);
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

/// A document that cannot be read fails for this reason.
async fn assert_fails(name: &str, bytes: impl Into<Vec<u8>>, reason: &str) {
    let system = System::start().await;
    let document = system.document(name).bytes(bytes);
    document.upload().await;
    let view = document.settled().await;
    assert_eq!(view["version_status"], "failed", "{view}");
    let told = view["reason"].as_str().unwrap();
    assert!(told.contains(reason), "{told}");
    // Nothing of it is searchable, and the next document is.
    assert_eq!(system.database().count("chunks").await, 0);
    let fine = system.document("fine.txt").text("All is well.");
    fine.indexed().await;
    assert_eq!(system.database().count("dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_pdf() {
    assert_fails("encrypted.pdf", encrypted_pdf(), "encrypted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_docx() {
    let docx = include_bytes!("../../samples/hand-hygiene.docx");
    assert_fails("truncated.docx", &docx[..docx.len() / 2], "damaged").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_bomb() {
    let bomb = zip_bomb();
    assert!(bomb.len() < 1 << 20);
    assert_fails("bomb.docx", bomb, "more than can be processed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_calls_itself_a_pdf() {
    assert_fails("fake.pdf", *b"<html>not a pdf</html>", "it is HTML").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_binary_data() {
    let counters: Vec<u8> = (0..500_u32).flat_map(u32::to_be_bytes).collect();
    assert_fails("counters.txt", counters, "binary data").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_without_a_word() {
    assert_fails("blank.md", " \n\t ", "No text").await;
}
