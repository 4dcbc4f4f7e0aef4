//! The events of one turn that a client sees.

use serde_json::Value;

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
        let events = system.ask(question).of(collections).transcript().await;
        let mut seen = Self {
            shown: vec![String::new()],
            ..Self::default()
        };
        for event in &events.0 {
            seen.add(&event.name, &event.data);
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
