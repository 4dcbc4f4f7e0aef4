//! The scopes of a key, and where they hold.

use serde_json::{Value, json};

use crate::support::system::{Setup, System};

const LEAFLET: &str = "# Library\n\nThe library trolley comes to the wards at 3 pm every day.\n";

async fn start() -> System {
    // One person asks much here, and in other tests at the same time.
    let setup = Setup::new().await;
    System::start_with(setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "6000")).await
}

async fn get(system: &System, key: &str, path: &str) -> (u16, Value) {
    let url = format!("{}{path}", system.rag.url);
    let answer = system.http.get(url).bearer_auth(key).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_listed_for_those_who_may_search_or_keep_them() {
    let system = start().await;
    let document = system.document("library.md").text(LEAFLET).indexed().await;
    let id = document["id"].as_str().unwrap();
    let (list, one) = ("/v1/documents", "/v1/documents/patients/library.md");
    let impact = format!("/v1/documents/{id}/impact");
    let statuses = async |scopes: &[&str], collections: &[&str]| {
        let key = system.setup.limited_key("anna", scopes, collections);
        let mut statuses = Vec::new();
        for path in [list, one, &impact] {
            let (status, body) = get(&system, &key, path).await;
            let told = body.to_string().contains("library.md");
            assert_eq!(
                told,
                status == 200 && path != impact && collections != ["staff"]
            );
            statuses.push(status);
        }
        statuses
    };
    assert_eq!(statuses(&["chat"], &[]).await, [403, 403, 403]);
    assert_eq!(statuses(&["chat", "search"], &[]).await, [200, 200, 403]);
    assert_eq!(statuses(&["documents"], &[]).await, [200, 200, 200]);
    assert_eq!(
        statuses(&["documents"], &["patients"]).await,
        [200, 200, 200]
    );
    assert_eq!(
        statuses(&["search", "documents"], &["staff"]).await,
        [200, 404, 404]
    );

    let key = system.setup.limited_key("anna", &["search"], &["staff"]);
    let asked = format!("{list}?collection=patients");
    let (status, body) = get(&system, &key, &asked).await;
    assert_eq!((status, &body["documents"]), (200, &json!([])));
    let key = system.setup.key("anna", &["chat"]);
    let (_, problem) = get(&system, &key, list).await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("`search` or `documents`"), "{detail}");
}

/// The answer of `/v1/chat/completions` to a question about the library, with these fields besides.
async fn complete(system: &System, key: &str, fields: &Value) -> (u16, Value) {
    let question = "When does the library trolley come?";
    let request = system.complete(key, question, fields);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_answer_from_the_collections_that_were_asked_for() {
    let system = start().await;
    system.document("library.md").text(LEAFLET).indexed().await;
    let status = async |key: &str, fields: Value| {
        let (status, body) = complete(&system, key, &fields).await;
        assert_eq!(status, 200, "{body}");
        let answered = body["choices"][0]["message"]["content"]
            .to_string()
            .contains("3 pm");
        assert_eq!(answered, body["chatbot"]["status"] == "completed", "{body}");
        answered
    };
    let all = &system.key;
    assert!(status(all, json!({})).await);
    assert!(status(all, json!({ "collections": null, "stream": null })).await);
    assert!(status(all, json!({ "collections": ["patients", "nowhere"] })).await);
    assert!(!status(all, json!({ "collections": ["staff"] })).await);
    assert!(!status(all, json!({ "collections": [] })).await);
    let staff = system.setup.limited_key("anna", &["chat"], &["staff"]);
    assert!(!status(&staff, json!({})).await);
    assert!(!status(&staff, json!({ "collections": ["patients"] })).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_refuse_fields_that_they_would_not_honour() {
    let system = start().await;
    for (fields, name) in [
        (json!({ "colections": ["patients"] }), "colections"),
        (json!({ "collections": "patients" }), "collections"),
        (json!({ "collections": [""] }), "collections"),
        (json!({ "n": 2 }), "n"),
        (
            json!({ "response_format": { "type": "json_object" } }),
            "response_format",
        ),
        (json!({ "tools": [{ "type": "function" }] }), "tools"),
    ] {
        let (status, body) = complete(&system, &system.key, &fields).await;
        assert_eq!(status, 422, "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        // A wrong type is told by the reader of JSON, which knows the place and not the name.
        let told =
            message.contains(&format!("`{name}`")) || message.contains("expected a sequence");
        assert!(told, "{message}");
        assert_eq!(body["detail"], message);
    }
    assert_eq!(system.database().count("conversations").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_take_the_usual_fields_of_their_clients() {
    let system = start().await;
    // As openai-python and LiteLLM send them.
    let usual = json!({
        "temperature": 0.2, "max_tokens": 300, "max_completion_tokens": 300, "user": "u", "seed": 1,
        "stream": false, "stream_options": null, "store": false, "metadata": { "a": "b" }, "n": 1,
        "reasoning_effort": "low", "verbosity": "low", "safety_identifier": "s", "tools": [],
        "tool_choice": "auto", "prompt_cache_key": "k", "service_tier": "auto", "stop": ["\n"],
    });
    assert_eq!(complete(&system, &system.key, &usual).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collections_of_a_completion_are_documented() {
    let system = start().await;
    let document = system.read("/openapi.json").await;
    let body = &document["paths"]["/v1/chat/completions"]["post"]["requestBody"];
    let properties = &body["content"]["application/json"]["schema"]["properties"];
    assert!(properties["collections"]["type"].is_array(), "{document}");
}
