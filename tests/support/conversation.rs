//! Questions as a client asks them, and documents as somebody keeps them.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::events::{EventStream, Transcript, Turn};
use super::system::System;

const EVENTS: &str = "text/event-stream";

/// A conversation, and the person who asks in it.
#[derive(Clone)]
pub struct Conversation<'a> {
    system: &'a System,
    key: String,
    pub id: String,
}

impl<'a> Conversation<'a> {
    /// A new one.
    pub async fn begin(system: &'a System) -> Self {
        Self::begin_at(system, &system.orchestrator.url, &system.key).await
    }

    /// One that is there already, for the system's key.
    pub fn known(system: &'a System, id: &str) -> Self {
        Self {
            system,
            key: system.key.clone(),
            id: id.to_owned(),
        }
    }

    async fn begin_at(system: &'a System, url: &str, key: &str) -> Self {
        let request = system.http.post(format!("{url}/v1/conversations"));
        let request = request.bearer_auth(key).json(&json!({}));
        let created = body(request, StatusCode::CREATED).await;
        Self {
            system,
            key: key.to_owned(),
            id: created["id"].as_str().unwrap().to_owned(),
        }
    }

    /// The same conversation, for the owner of this key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// Its address.
    pub fn path(&self) -> String {
        format!("/v1/conversations/{}", self.id)
    }

    /// The address of its messages.
    pub fn messages(&self) -> String {
        format!("{}/messages", self.path())
    }

    pub fn ask(&self, question: &str) -> Ask<'a> {
        Ask::new(self.system, Some(self.id.clone()), &self.key, question)
    }

    /// Its readable content.
    pub async fn read(&self) -> Value {
        let request = self.system.at(Method::GET, &self.path(), &self.key);
        body(request, StatusCode::OK).await
    }
}

/// A question that is about to be asked.
#[must_use]
pub struct Ask<'a> {
    system: &'a System,
    conversation: Option<String>,
    url: String,
    key: String,
    body: Value,
    once: Option<String>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(
        system: &'a System,
        conversation: Option<String>,
        key: &str,
        question: &str,
    ) -> Self {
        Self {
            system,
            conversation,
            url: system.orchestrator.url.clone(),
            key: key.to_owned(),
            body: json!({ "content": question }),
            once: None,
        }
    }

    /// At another replica.
    pub fn at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// Of these collections only.
    pub fn of(mut self, collections: &[&str]) -> Self {
        self.body["collections"] = json!(collections);
        self
    }

    /// With this idempotency key.
    pub fn once(mut self, key: &str) -> Self {
        self.once = Some(key.to_owned());
        self
    }

    /// The request for an answer of this media type.
    pub async fn request(self, accept: &str) -> RequestBuilder {
        let conversation = match &self.conversation {
            Some(id) => id.clone(),
            None => {
                Conversation::begin_at(self.system, &self.url, &self.key)
                    .await
                    .id
            }
        };
        let path = format!("/v1/conversations/{conversation}/messages");
        let request = self.system.http.post(format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.key).header("accept", accept);
        let request = match self.once {
            Some(once) => request.header("idempotency-key", once),
            None => request,
        };
        request.json(&self.body)
    }

    /// The answer, whatever it is, as this media type.
    pub async fn send(self, accept: &str) -> Response {
        self.request(accept).await.send().await.unwrap()
    }

    /// The `done` object.
    pub async fn json(self) -> Value {
        let (status, body) = self.outcome().await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The `done` object of an answer that ends like this.
    pub async fn ends(self, status: &str) -> Value {
        let done = self.json().await;
        assert_eq!(done["status"], status, "{done}");
        done
    }

    /// The status and the body, whatever they are.
    pub async fn outcome(self) -> (u16, Value) {
        let answer = self.send("application/json").await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The events while they come; the first has come.
    pub async fn turn(self) -> Turn {
        Turn::read(self.send(EVENTS).await).await
    }

    /// All of the events.
    pub async fn transcript(self) -> Transcript {
        EventStream::of(self.send(EVENTS).await).rest().await
    }
}

/// A document of the collection `patients`, if no other one is named.
#[must_use]
pub struct Document<'a> {
    system: &'a System,
    collection: String,
    name: String,
    media_type: &'static str,
    bytes: Vec<u8>,
    query: String,
}

impl<'a> Document<'a> {
    /// Its media type is that of its name.
    pub(super) fn new(system: &'a System, name: &str) -> Self {
        let media_type = match name.rsplit_once('.') {
            Some((_, "md")) => "text/markdown",
            Some((_, "html")) => "text/html",
            Some((_, "pdf")) => "application/pdf",
            Some((_, "docx")) => {
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            }
            _ => "text/plain",
        };
        Self {
            system,
            collection: "patients".to_owned(),
            name: name.to_owned(),
            media_type,
            bytes: Vec::new(),
            query: String::new(),
        }
    }

    /// In another collection.
    pub fn of(mut self, collection: &str) -> Self {
        collection.clone_into(&mut self.collection);
        self
    }

    pub fn media_type(mut self, media_type: &'static str) -> Self {
        self.media_type = media_type;
        self
    }

    pub fn text(self, text: impl Into<String>) -> Self {
        self.bytes(text.into())
    }

    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.bytes = bytes.into();
        self
    }

    /// With this query, such as `title=…`.
    pub fn query(mut self, query: &str) -> Self {
        self.query = format!("?{query}");
        self
    }

    /// Its address.
    pub fn path(&self) -> String {
        format!("/v1/documents/{}/{}", self.collection, self.name)
    }

    /// The request that stores it, with the system's key.
    pub fn put(&self) -> RequestBuilder {
        let path = format!("{}{}", self.path(), self.query);
        let request = self.system.rag(Method::PUT, &path);
        let request = request.header("content-type", self.media_type);
        request.body(self.bytes.clone())
    }

    /// Stores it; fails the test if it is refused.
    pub async fn upload(&self) -> Value {
        let answer = self.put().send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Its readable content.
    pub async fn view(&self) -> Value {
        body(self.system.rag(Method::GET, &self.path()), StatusCode::OK).await
    }

    /// Its readable content once its newest version is indexed or has failed.
    pub async fn settled(&self) -> Value {
        super::until("the document is settled", async || {
            self.view().await["version_status"] != "received"
        })
        .await;
        self.view().await
    }

    /// Stores it and waits until questions are answered from it; what can be read of it.
    pub async fn indexed(&self) -> Value {
        self.upload().await;
        self.until_indexed().await
    }

    /// Waits until questions are answered from what was stored last.
    pub async fn until_indexed(&self) -> Value {
        super::until("questions are answered from the document", async || {
            let view = self.view().await;
            assert_ne!(view["version_status"], "failed", "{view}");
            view["version_status"] == "indexed" && view["current_version"] == view["version"]
        })
        .await;
        self.view().await
    }

    /// No question is answered from it any more.
    pub async fn withdraw(&self) {
        let path = format!("{}/withdraw", self.path());
        let answer = self.system.rag(Method::POST, &path).send().await;
        assert_eq!(answer.unwrap().status(), 204);
    }

    pub async fn delete(&self) {
        let answer = self.system.rag(Method::DELETE, &self.path()).send().await;
        assert_eq!(answer.unwrap().status(), 204);
    }
}

/// The body of an answer with this status; fails the test at any other.
pub async fn body(request: RequestBuilder, expected: StatusCode) -> Value {
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, expected, "{text}");
    serde_json::from_str(&text).unwrap()
}
