//! The requests of a client to a system, over HTTP and with the system's key.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::conversation::{Ask, Conversation, Document, body};
use super::events::{EventStream, Transcript, Turn};
use super::system::System;

impl System {
    /// A request to the orchestrator with this key.
    pub fn at(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.orchestrator.url);
        self.http.request(method, url).bearer_auth(key)
    }

    /// A request to the orchestrator.
    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.at(Method::POST, path, &self.key).json(body)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.at(Method::GET, path, &self.key)
    }

    /// A request to rag.
    pub fn rag(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.rag.url);
        self.http.request(method, url).bearer_auth(&self.key)
    }

    /// Returns what a path of the orchestrator shows.
    pub async fn read(&self, path: &str) -> Value {
        body(self.get(path), StatusCode::OK).await
    }

    pub fn document(&self, name: &str) -> Document<'_> {
        Document::new(self, name)
    }

    /// Returns the passages found in every collection.
    pub async fn search(&self, query: &str) -> Value {
        let request = self.rag(Method::POST, "/v1/search");
        body(request.json(&json!({ "query": query })), StatusCode::OK).await
    }

    /// A new conversation.
    pub async fn conversation(&self) -> Conversation<'_> {
        Conversation::begin(self).await
    }

    /// A question in a new conversation.
    pub fn ask(&self, question: &str) -> Ask<'_> {
        Ask::new(self, None, &self.key, question)
    }

    /// A question to the OpenAI-compatible interface, with these fields besides.
    pub fn complete(&self, key: &str, question: &str, fields: &Value) -> RequestBuilder {
        let said = json!([{ "role": "user", "content": question }]);
        let mut body = json!({ "model": "chatbot", "messages": said });
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        self.at(Method::POST, "/v1/chat/completions", key)
            .json(&body)
    }

    /// Returns the stored turn, without the parts that are computed for its reader.
    pub async fn turn(&self, id: &str) -> Value {
        let mut turn = self.read(&format!("/v1/turns/{id}")).await;
        turn.as_object_mut().unwrap().remove("sources_status");
        turn
    }

    /// Follows a turn from its beginning.
    pub async fn follow(&self, id: &str) -> Turn {
        let request = self.get(&format!("/v1/turns/{id}/events"));
        Turn::read(request.send().await.unwrap()).await
    }

    /// The events of a turn, from the beginning or after the one with this id.
    pub async fn events(&self, id: &str, last: Option<&str>) -> Transcript {
        let mut request = self.get(&format!("/v1/turns/{id}/events"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        EventStream::of(request.send().await.unwrap()).rest().await
    }

    pub async fn cancel(&self, turn: &str) {
        let request = self.post(&format!("/v1/turns/{turn}/cancel"), &json!({}));
        assert_eq!(request.send().await.unwrap().status(), 202);
    }

    /// How many answers are stored.
    pub async fn answers(&self) -> i64 {
        let database = self.database();
        database.count("messages WHERE role = 'assistant'").await
    }

    /// How many turns have not ended.
    pub async fn open_turns(&self) -> i64 {
        self.database()
            .count("turns WHERE finished_at IS NULL")
            .await
    }

    /// The measurements of the orchestrator.
    pub async fn metrics(&self) -> String {
        let request = self.http.get(format!("{}/metrics", self.orchestrator.url));
        request.send().await.unwrap().text().await.unwrap()
    }
}
