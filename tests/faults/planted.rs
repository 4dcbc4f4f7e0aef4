//! Words that nobody else uses, planted in questions, documents and answers: what a process prints,
//! measures or names a key by must not hold them.

use std::path::Path;

use deadpool_redis::redis::{Client, cmd};

use super::rig::Rig;
use crate::support::canary::{holds, word};
use crate::support::service;

/// One word for each kind of text.
#[derive(Clone)]
pub struct Planted {
    pub question: String,
    pub document: String,
    pub answer: String,
}

impl Planted {
    pub fn new() -> Self {
        Self {
            question: word("quest"),
            document: word("docu"),
            answer: word("answ"),
        }
    }

    /// The first planted word that a text holds, however it is spelled.
    fn found_in(&self, text: &str) -> Option<&str> {
        [&self.question, &self.document, &self.answer]
            .into_iter()
            .find(|word| holds(text, word))
            .map(String::as_str)
    }
}

/// Invariant 7: no text of a message or a document in a log line, a metric or a Redis key.
pub async fn nothing_leaked(rig: &Rig) {
    let mut bytes = 0;
    for entry in std::fs::read_dir(rig.logs.path()).unwrap() {
        bytes += log(&rig.planted, &entry.unwrap().path());
    }
    for url in rig.running() {
        let metrics = rig.http.get(format!("{url}/metrics")).send().await;
        let metrics = metrics.unwrap().text().await.unwrap();
        assert!(metrics.contains("chatbot_"), "no metrics: {metrics}");
        assert_eq!(rig.planted.found_in(&metrics), None, "in a metric");
    }
    let keys = redis_keys().await;
    for key in &keys {
        assert_eq!(rig.planted.found_in(key), None, "in a Redis key");
    }
    println!(
        "nothing planted was found in {bytes} bytes of logs and {} keys",
        keys.len()
    );
}

/// Fails at the first line that holds a planted word; returns the file's length.
fn log(planted: &Planted, path: &Path) -> usize {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let found = planted.found_in(&text);
    let line = found.and_then(|_| text.lines().find(|line| planted.found_in(line).is_some()));
    assert_eq!(found, None, "in {}: {line:?}", path.display());
    text.len()
}

async fn redis_keys() -> Vec<String> {
    let client = Client::open(service("CHATBOT_TEST_REDIS_URL")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut keys = cmd("KEYS");
    let keys: Vec<Vec<u8>> = keys.arg("*").query_async(&mut connection).await.unwrap();
    keys.iter()
        .map(|key| String::from_utf8_lossy(key).into_owned())
        .collect()
}
