//! `chatbot ingest`: every file has an outcome, and a second run does no work.

mod buckets;
mod folders;
mod sites;

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::system::System;

/// A run of the command.
struct Run {
    code: Option<i32>,
    said: String,
    errors: String,
}

impl Run {
    /// The document that `--json` prints.
    fn json(&self) -> Value {
        serde_json::from_str(&self.said).unwrap_or_else(|_| panic!("{}{}", self.said, self.errors))
    }

    /// The external ids, or the names, of the documents with this outcome.
    fn with(&self, outcome: &str) -> Vec<String> {
        let json = self.json();
        let documents = json["documents"].as_array().unwrap().iter();
        let mut found: Vec<String> = documents
            .filter(|document| document["outcome"] == outcome)
            .map(|document| {
                let id = document["external_id"].as_str();
                id.or(document["name"].as_str()).unwrap().to_owned()
            })
            .collect();
        found.sort();
        found
    }

    /// The reason that is given for the document with this name or id.
    fn reason(&self, name: &str) -> String {
        let json = self.json();
        let mut documents = json["documents"].as_array().unwrap().iter();
        let one = documents.find(|document| {
            let named = document["name"].as_str().unwrap().ends_with(name);
            document["reason"].is_string() && (named || document["external_id"] == name)
        });
        one.unwrap()["reason"].as_str().unwrap().to_owned()
    }
}

/// `chatbot ingest` into the collection `ward`.
fn command(system: &System, arguments: &[&str]) -> Command {
    let mut command = system.setup.chatbot();
    command
        .arg("ingest")
        .args(arguments)
        .args(["--collection", "ward", "--url", &system.rag.url])
        .env("CHATBOT_API_KEY", &system.key)
        .env("AWS_ACCESS_KEY_ID", crate::support::bucket::IDENTITY)
        .env("AWS_SECRET_ACCESS_KEY", crate::support::bucket::CREDENTIAL);
    command
}

/// Runs `chatbot ingest` into the collection `ward`.
async fn ingest(system: &System, arguments: &[&str]) -> Run {
    let mut command = command(system, arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let Output {
        status,
        stdout,
        stderr,
    } = output.await.unwrap();
    Run {
        code: status.code(),
        said: String::from_utf8(stdout).unwrap(),
        errors: String::from_utf8(stderr).unwrap(),
    }
}

/// The ids that the server lists.
async fn listed(system: &System) -> Vec<String> {
    let request = system.rag(
        reqwest::Method::GET,
        "/v1/documents?collection=ward&limit=500",
    );
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let documents = page["documents"].as_array().unwrap().iter();
    let mut ids: Vec<String> = documents
        .map(|document| document["external_id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}
