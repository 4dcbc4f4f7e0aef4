//! Clients that ask, each with one question at a time.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chatbot::domain::ids::new_uuid;
use futures::future::join_all;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::side::Running;
use crate::support::events::EventStream;

/// The questions of a conversation.
const QUESTIONS: usize = 4;
const RESULTS: usize = 5;

/// How an answer is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Json,
    Stream,
}

/// A question that was asked.
pub struct Asked {
    pub took: Duration,
    /// The time to the first piece of text.
    pub first: Duration,
    pub failed: bool,
}

/// Whether the end of a turn is no answer, not even that there is none.
fn has_failed(done: &Value) -> bool {
    let ends = ["completed", "abstained", "escalated"];
    !done["status"]
        .as_str()
        .is_some_and(|end| ends.contains(&end))
}

/// Conversations, and the questions of each.
pub struct Blocks<'a>(Mutex<VecDeque<(String, &'a [String])>>);

impl<'a> Blocks<'a> {
    fn next(&self) -> Option<(String, &'a [String])> {
        self.0.lock().unwrap().pop_front()
    }
}

pub struct Client<'a> {
    http: reqwest::Client,
    running: &'a Running<'a>,
}

impl<'a> Client<'a> {
    pub fn of(running: &'a Running<'a>) -> Self {
        Self {
            http: reqwest::Client::new(),
            running,
        }
    }

    fn post(&self, url: &str, path: &str, body: &Value) -> RequestBuilder {
        let request = self.http.post(format!("{url}{path}")).json(body);
        request.bearer_auth(&self.running.side.key)
    }

    /// A new conversation.
    pub async fn conversation(&self) -> String {
        let url = &self.running.orchestrator.url;
        let answer = self.post(url, "/v1/conversations", &json!({})).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Sends a question; the response has begun.
    pub async fn send(&self, conversation: &str, question: &str, answer: Answer) -> Response {
        let accept = match answer {
            Answer::Json => "application/json",
            Answer::Stream => "text/event-stream",
        };
        let path = format!("/v1/conversations/{conversation}/messages");
        let body = json!({ "content": question });
        let request = self.post(&self.running.orchestrator.url, &path, &body);
        let request = request.header("accept", accept);
        let request = request.header("idempotency-key", new_uuid().to_string());
        request.send().await.unwrap()
    }

    async fn ask(&self, conversation: &str, question: &str, answer: Answer) -> Asked {
        let begun = Instant::now();
        let response = self.send(conversation, question, answer).await;
        if answer == Answer::Json {
            let body: Value = response.json().await.unwrap();
            let took = begun.elapsed();
            return Asked {
                took,
                first: took,
                failed: has_failed(&body),
            };
        }
        let mut events = EventStream::of(response);
        let (mut first, mut failed) = (None, true);
        while let Some(event) = events.next().await {
            match event.name.as_str() {
                "delta" => {
                    first.get_or_insert_with(|| begun.elapsed());
                }
                "done" => failed = has_failed(&event.data),
                _ => {}
            }
        }
        let took = begun.elapsed();
        Asked {
            took,
            first: first.unwrap_or(took),
            failed,
        }
    }

    /// Begins a conversation for every four questions.
    pub async fn begin(&self, questions: &'a [String]) -> Blocks<'a> {
        let mut blocks = VecDeque::new();
        for questions in questions.chunks(QUESTIONS) {
            blocks.push_back((self.conversation().await, questions));
        }
        Blocks(Mutex::new(blocks))
    }

    /// So many clients ask until every question has an answer.
    pub async fn ask_all(&self, blocks: Blocks<'_>, clients: usize, answer: Answer) -> Vec<Asked> {
        let asking = (0..clients).map(async |_| {
            let mut asked = Vec::new();
            while let Some((conversation, questions)) = blocks.next() {
                for question in questions {
                    asked.push(self.ask(&conversation, question, answer).await);
                }
            }
            asked
        });
        join_all(asking).await.into_iter().flatten().collect()
    }

    /// Reads a page of the orchestrator.
    pub async fn read(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.running.orchestrator.url);
        let request = self.http.get(url).bearer_auth(&self.running.side.key);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn search(&self, query: &str) -> Duration {
        let begun = Instant::now();
        let body = json!({ "query": query, "limit": RESULTS });
        let answer = self.post(&self.running.rag.url, "/v1/search", &body).send();
        let answer: Value = answer.await.unwrap().json().await.unwrap();
        let took = begun.elapsed();
        assert!(!answer["results"].as_array().unwrap().is_empty());
        took
    }
}
