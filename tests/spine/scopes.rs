//! What a key may do, and where.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::{Setup, System};

const LEAFLET: &str = "# Library\n\nThe library trolley comes to the wards at 3 pm every day.\n";

async fn start() -> System {
    // One person asks much here, and in other tests at the same time.
    let setup = Setup::new().await;
    System::start_with(setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "6000")).await
}

async fn request(system: &System, key: &str, method: Method, path: &str) -> (u16, Value) {
    let url = format!("{}{path}", system.rag.url);
    let request = system.http.request(method, url).bearer_auth(key);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_listed_for_those_who_may_search_or_keep_them() {
    let system = start().await;
    system.put("library.md", "text/markdown", LEAFLET).await;
    let document = system.settled("library.md").await;
    let id = document["id"].as_str().unwrap();
    let (list, one) = ("/v1/documents", "/v1/documents/patients/library.md");
    let impact = format!("/v1/documents/{id}/impact");
    let statuses = async |scopes: &[&str], collections: &[&str]| {
        let key = system.setup.limited_key("anna", scopes, collections);
        let mut statuses = Vec::new();
        for path in [list, one, &impact] {
            let (status, body) = request(&system, &key, Method::GET, path).await;
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
    let (status, body) = request(&system, &key, Method::GET, &asked).await;
    assert_eq!((status, &body["documents"]), (200, &json!([])));
    let key = system.setup.key("anna", &["chat"]);
    let (_, problem) = request(&system, &key, Method::GET, list).await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("`search` or `documents`"), "{detail}");
}
