//! Decisions about the documents that answer.

mod approval;
mod cli;
mod crowd;
mod metadata;
mod quarantine;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::conversation::Document;
use crate::support::system::{Setup, System};

/// A system whose uploads wait for approval; its own key may approve too, but not its own uploads.
pub struct Governed {
    pub system: System,
    /// The key of another person, who approves.
    pub approver: String,
}

impl Governed {
    pub async fn start() -> Self {
        Self::start_with(Setup::new().await).await
    }

    pub async fn start_with(setup: Setup) -> Self {
        let setup = setup
            .with("CHATBOT__RAG__GOVERNANCE__APPROVAL", "true")
            .with("CHATBOT__ORCHESTRATOR__MAX_TURNS_PER_USER", "1000")
            .with("CHATBOT__ORCHESTRATOR__MAX_CONCURRENT_TURNS", "1000");
        let mut system = System::start_with(setup).await;
        let scopes = ["chat", "search", "documents", "approve"];
        system.key = system.setup.key("anna", &scopes);
        let approver = system.setup.key("bert", &["approve"]);
        Self { system, approver }
    }

    /// Decides about a version with this key: the status and the body.
    pub async fn decide(
        &self,
        key: &str,
        document: &Document<'_>,
        version: i32,
        decision: &str,
    ) -> (u16, Value) {
        let path = format!("{}/versions/{version}/{decision}", document.path());
        let url = format!("{}{path}", self.system.rag.url);
        let mut request = self.system.http.post(url).bearer_auth(key);
        if decision == "quarantine" {
            request = request.json(&json!({ "reason": "The dose is wrong." }));
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The same by the approver, who succeeds.
    pub async fn decided(&self, document: &Document<'_>, version: i32, decision: &str) -> Value {
        let (status, body) = self
            .decide(&self.approver, document, version, decision)
            .await;
        assert_eq!(status, 200, "{decision}: {body}");
        body
    }

    /// Stores a document as a draft.
    pub async fn drafted(&self, document: &Document<'_>) -> Value {
        document.upload().await;
        let view = document.settled().await;
        assert_eq!(view["version_status"], "draft", "{view}");
        view
    }

    /// Stores a document and has its newest version approved.
    pub async fn approved(&self, document: &Document<'_>) -> Value {
        let view = self.drafted(document).await;
        let version = i32::try_from(view["version"].as_i64().unwrap()).unwrap();
        self.decided(document, version, "approve").await
    }

    /// The versions of the passages that a search finds.
    pub async fn found(&self, query: &str) -> Vec<i64> {
        let answer = self.system.search(query).await;
        let results = answer["results"].as_array().unwrap();
        results
            .iter()
            .map(|passage| passage["version"].as_i64().unwrap())
            .collect()
    }

    /// The body that a path of rag shows to the system's key.
    pub async fn read(&self, path: &str) -> Value {
        let request = self.system.rag(Method::GET, path);
        crate::support::conversation::body(request, StatusCode::OK).await
    }
}
