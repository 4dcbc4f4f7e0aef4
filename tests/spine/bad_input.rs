//! Bad input: each a clear 4xx or a `failed` with a reason, and nothing lost.

use serde_json::{Value, json};

use crate::support::system::System;

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_clear_answer() {
    let system = System::start().await;
    let path = system.conversation().await;
    let status = |request: reqwest::RequestBuilder| async {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.unwrap();
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .starts_with("urn:chatbot:problem:")
        );
        assert!(!problem["request_id"].as_str().unwrap().is_empty());
        status
    };
    let url = format!("{}{path}", system.orchestrator.url);
    let raw = |body: Vec<u8>| {
        let request = system.http.post(&url).bearer_auth(&system.key);
        request
            .header("content-type", "application/json")
            .body(body)
    };
    assert_eq!(
        status(system.post(&path, &json!({ "content": "  " }))).await,
        422
    );
    assert_eq!(
        status(system.post(&path, &json!({ "content": "x".repeat(5_000) }))).await,
        422
    );
    assert_eq!(
        status(system.post(&path, &json!({ "content": "x".repeat(1 << 20) }))).await,
        413
    );
    assert_eq!(
        status(system.post(&path, &json!({ "content": "x", "more": 1 }))).await,
        422
    );
    assert_eq!(status(raw(b"{".to_vec())).await, 400);
    assert_eq!(status(raw(b"{\"content\":\"\xff\"}".to_vec())).await, 400);
    assert_eq!(
        status(system.http.post(&url).json(&json!({ "content": "x" }))).await,
        401
    );
    let unknown = "/v1/conversations/01890a5d-ac96-774b-bcce-b302099a8057/messages";
    assert_eq!(
        status(system.post(unknown, &json!({ "content": "x" }))).await,
        404
    );

    system
        .put("fake.pdf", "application/pdf", "<html>not a pdf</html>")
        .await;
    let view = system.settled("fake.pdf").await;
    assert_eq!(view["version_status"], "failed");
    assert!(!view["reason"].as_str().unwrap().is_empty());
}
