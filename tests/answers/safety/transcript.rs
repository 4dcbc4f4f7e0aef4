//! What a client sees of one turn.

use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::system::System;

/// A turn, seen from outside.
#[derive(Default)]
pub struct Transcript {
    /// The state in which it ended; an `error` event is `failed`.
    pub status: String,
    /// The answer of the `done` event.
    pub answer: String,
    /// The citations of the `done` event.
    pub citations: Vec<Value>,
    /// The text of all deltas, one entry a generation.
    pub shown: Vec<String>,
    /// The strings in all events, whatever their field.
    pub texts: Vec<String>,
}

impl Transcript {
    /// Asks these collections in a new conversation and reads to the end.
    pub async fn ask(system: &System, question: &str, collections: &[&str]) -> Self {
        let path = system.conversation().await;
        let body = json!({ "content": question, "collections": collections });
        let request = system.post(&path, &body);
        let request = request.header("accept", "text/event-stream");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{question}");
        let mut events = answer.bytes_stream().eventsource();
        let mut seen = Self {
            shown: vec![String::new()],
            ..Self::default()
        };
        loop {
            let next = tokio::time::timeout(Duration::from_mins(2), events.next());
            let Some(event) = next.await.expect("an event in time") else {
                break;
            };
            let event = event.unwrap();
            seen.add(&event.event, &serde_json::from_str(&event.data).unwrap());
        }
        assert!(!seen.status.is_empty(), "{question}: no terminal event");
        seen
    }

    /// Whether the turn ended with "I don't know" or a question back.
    pub fn abstained(&self) -> bool {
        ["abstained", "clarifying"].contains(&self.status.as_str())
    }

    fn add(&mut self, name: &str, data: &Value) {
        collect(data, &mut self.texts);
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        match name {
            "delta" => self.shown.last_mut().unwrap().push_str(&text("text")),
            "restart" => self.shown.push(String::new()),
            "error" => "failed".clone_into(&mut self.status),
            "done" => {
                self.status = text("status");
                self.answer = text("answer");
                self.citations = data["citations"].as_array().cloned().unwrap_or_default();
            }
            _ => {}
        }
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
