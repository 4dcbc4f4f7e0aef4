//! The whole system with a provider that follows a script.

use std::time::{Duration, Instant};

use eventsource_stream::Eventsource;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};

use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::until;

pub const LEAFLET: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
    Children may visit with an adult. Please do not visit with a fever.\n";
pub const QUESTION: &str = "When are visiting hours?";
pub const SENTENCES: [&str; 3] = [
    "Visiting hours are from 2 pm to 8 pm every day [1]. ",
    "Children may visit with an adult [1]. ",
    "Please do not visit with a fever [1].\n",
];

/// A system that knows the leaflet and asks this provider, then no one (`only`) or the documents.
pub async fn system(setup: Setup, dialect: Dialect, url: &str, only: bool) -> System {
    let name = match dialect {
        Dialect::OpenAi => "openai",
        Dialect::Anthropic => "anthropic",
    };
    let setup = match dialect {
        Dialect::OpenAi => setup.with("OPENAI_BASE_URL", url),
        Dialect::Anthropic => setup
            .with("ANTHROPIC_API_KEY", "key-of-a-test")
            .with("CHATBOT__LLM__ANTHROPIC__BASE_URL", url),
    };
    let setup = setup
        .with("CHATBOT__LLM__PROVIDERS", format!("[{name:?}]"))
        .with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", (!only).to_string())
        .with("CHATBOT__LLM__OPENAI__MODEL", "a-model")
        .with("CHATBOT__LLM__ANTHROPIC__MODEL", "a-model");
    let system = System::start_with(setup).await;
    system.put("visiting.md", "text/markdown", LEAFLET).await;
    let view = system.settled("visiting.md").await;
    assert_eq!(view["version_status"], "indexed");
    system
}

/// The events of a turn as they come.
pub struct Turn {
    pub id: String,
    events: BoxStream<'static, (String, Value)>,
    /// The text so far, and in how many pieces it came.
    pub text: String,
    pub deltas: usize,
}

impl Turn {
    /// Asks, and reads up to the `turn` event.
    pub async fn ask(system: &System, content: &str) -> Self {
        Self::ask_at(&system.orchestrator.url, system, content).await
    }

    /// The same at another replica.
    pub async fn ask_at(url: &str, system: &System, content: &str) -> Self {
        let path = system.conversation().await;
        let request = system.http.post(format!("{url}{path}"));
        let request = request.json(&json!({ "content": content }));
        let request = request.header("accept", "text/event-stream");
        let answer = request.bearer_auth(&system.key).send().await;
        Self::read(answer.unwrap()).await
    }

    /// Reads the events of a turn again, from the beginning.
    async fn resume(system: &System, id: &str) -> Self {
        let url = format!("{}/v1/turns/{id}/events", system.orchestrator.url);
        let request = system.http.get(url).bearer_auth(&system.key);
        Self::read(request.send().await.unwrap()).await
    }

    async fn read(answer: reqwest::Response) -> Self {
        assert_eq!(answer.status(), 200);
        let events = answer.bytes_stream().eventsource();
        let events = events.map(|event| {
            let event = event.unwrap();
            (event.event, serde_json::from_str(&event.data).unwrap())
        });
        let mut turn = Self {
            id: String::new(),
            events: events.boxed(),
            text: String::new(),
            deltas: 0,
        };
        let (name, data) = turn.next().await.unwrap();
        assert_eq!(name, "turn");
        data["turn_id"].as_str().unwrap().clone_into(&mut turn.id);
        turn
    }

    pub async fn next(&mut self) -> Option<(String, Value)> {
        let next = tokio::time::timeout(Duration::from_mins(2), self.events.next());
        let event = next.await.expect("an event in time")?;
        if event.0 == "delta" {
            self.deltas += 1;
            self.text.push_str(event.1["text"].as_str().unwrap());
        }
        Some(event)
    }

    /// Reads on until the text contains this.
    pub async fn until(&mut self, text: &str) {
        while !self.text.contains(text) {
            let (name, data) = self.next().await.expect("the turn goes on");
            assert!(!["done", "error"].contains(&name.as_str()), "{data}");
        }
    }

    /// Reads to the one terminal event.
    pub async fn end(&mut self) -> (String, Value) {
        loop {
            let event = self.next().await.expect("a terminal event");
            if ["done", "error"].contains(&event.0.as_str()) {
                assert!(self.next().await.is_none());
                return event;
            }
        }
    }
}

/// The turn as it is stored.
pub async fn stored(system: &System, id: &str) -> Value {
    let url = format!("{}/v1/turns/{id}", system.orchestrator.url);
    let request = system.http.get(url).bearer_auth(&system.key);
    let mut turn: Value = request.send().await.unwrap().json().await.unwrap();
    // Worked out for whoever reads it, and not stored.
    turn.as_object_mut().unwrap().remove("sources_status");
    turn
}

/// How many answers are stored.
pub async fn answers(system: &System) -> i64 {
    let count = "SELECT count(*) AS n FROM messages WHERE role = 'assistant'";
    system.database().number(count).await
}

async fn open_turns(system: &System) -> i64 {
    let open = "SELECT count(*) AS n FROM turns WHERE finished_at IS NULL";
    system.database().number(open).await
}

/// An answer that waits before each sentence but the first, and before its end.
fn paced(dialect: Dialect) -> Script {
    let script = Script::begin(dialect, &SENTENCES[..1]);
    let script = SENTENCES[1..].iter().fold(script, |script, sentence| {
        script.wait().send(dialect.delta(sentence))
    });
    script.wait().send(dialect.ending(dialect.stop()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_piece_by_piece_and_is_stored_with_its_origin() {
    for dialect in Dialect::ALL {
        let provider = Provider::start([paced(dialect)]).await;
        let system = system(Setup::new().await, dialect, &provider.url, true).await;
        let mut turn = Turn::ask(&system, QUESTION).await;
        // Each piece is seen before the provider sends the next one.
        turn.until("2 pm to 8 pm").await;
        provider.release();
        turn.until("Children may visit").await;
        provider.release();
        turn.until("Please do not visit").await;
        assert_eq!(answers(&system).await, 0);
        provider.release();
        let (name, done) = turn.end().await;
        assert_eq!(name, "done");
        assert_eq!(done["status"], "completed", "{done}");
        assert_eq!(done["answer"], turn.text.as_str());
        assert_eq!(done["rung"], "llm");
        let provider_name = match dialect {
            Dialect::OpenAi => "openai",
            Dialect::Anthropic => "anthropic",
        };
        assert_eq!(done["provider"], provider_name);
        assert_eq!(done["model"], "a-model");
        assert_eq!(done["usage"]["input_tokens"], 11);
        assert_eq!(done["usage"]["output_tokens"], 7);
        let timing = |name: &str| done["timings"][name].as_u64().unwrap();
        assert!(timing("retrieval_ms") <= timing("first_token_ms"));
        assert!(timing("first_token_ms") <= timing("total_ms"));
        assert_eq!(stored(&system, &turn.id).await, done);
        assert_eq!(answers(&system).await, 1);
        // The prompt had question and evidence.
        let prompt = provider.requests().remove(0).body.to_string();
        assert!(prompt.contains(QUESTION) && prompt.contains("2 pm to 8 pm"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_control_characters_is_stored_without_them() {
    let dialect = Dialect::OpenAi;
    let odd = "Visiting\0 hours are from 2 pm\u{1b} to 8 pm every day [1].\0";
    let provider = Provider::start([Script::answer(dialect, &[odd])]).await;
    let system = system(Setup::new().await, dialect, &provider.url, true).await;
    let done = system.ask(&system.conversation().await, QUESTION).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["answer"], SENTENCES[0].trim_end());
    assert_eq!(done["citations"].as_array().unwrap().len(), 1);
    assert_eq!((answers(&system).await, provider.requests().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_cut_fails_and_is_not_kept() {
    let dialect = Dialect::OpenAi;
    let started = || Script::begin(dialect, &SENTENCES[..2]);
    let cuts = [
        (started(), "truncated"),
        (started().wait().reset(), "transport"),
        (started().send(dialect.error()), "rate_limited"),
        (started().send("data: {oops\n\n"), "malformed"),
        (started().silence(), "idle_timeout"),
        (started().send(dialect.ending("length")), "length"),
        (started().send(dialect.ending("content_filter")), "refused"),
        (started().send(dialect.ending("eos")), "stopped"),
    ];
    let scripts = cuts.iter().map(|(script, _)| script.clone());
    let provider = Provider::start(scripts.chain([Script::default()])).await;
    let setup = Setup::new()
        .await
        .with("CHATBOT__LLM__DEADLINES__IDLE_MS", "1500")
        .with("CHATBOT__LLM__BREAKER__FAILURES", "100");
    let system = system(setup, dialect, &provider.url, false).await;
    for (_, reason) in cuts {
        let mut turn = Turn::ask(&system, QUESTION).await;
        turn.until("2 pm to 8 pm").await;
        provider.release();
        let (name, problem) = turn.end().await;
        assert_eq!(
            (name.as_str(), problem["reason"].as_str()),
            ("error", Some(reason))
        );
        assert_eq!(problem["turn_id"], turn.id.as_str());
        let stored = stored(&system, &turn.id).await;
        assert_eq!(
            (&stored["status"], &stored["reason"]),
            (&json!("failed"), &json!(reason))
        );
        assert_eq!(
            (&stored["answer"], &stored["message_id"]),
            (&json!(""), &Value::Null)
        );
        assert_eq!(stored["provider"], "openai");
    }
    assert_eq!((answers(&system).await, open_turns(&system).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_the_documents_answer() {
    let scripts = [
        Script::default().silence(),
        Script::refuse(401, &[]),
        Script::refuse(429, &[("retry-after", "60")]),
        Script::answer(Dialect::OpenAi, &["never asked for"]),
    ];
    let provider = Provider::start(scripts).await;
    let setup = Setup::new()
        .await
        .with("CHATBOT__LLM__DEADLINES__FIRST_TOKEN_MS", "1500");
    let system = system(setup, Dialect::OpenAi, &provider.url, false).await;
    let messages = system.conversation().await;
    // Silence, a refused key, a full quota; then the provider is left alone as it asked.
    for asked in [1, 2, 3, 3] {
        let begun = Instant::now();
        let done = system.ask(&messages, QUESTION).await;
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert_eq!(done["status"], "completed", "{done}");
        assert_eq!(
            (&done["provider"], &done["rung"]),
            (&json!("extractive"), &json!("extractive"))
        );
        assert_eq!(provider.requests().len(), asked);
    }
    provider.hung_up(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_anybody_the_turn_fails_and_says_so() {
    let provider = Provider::start([Script::refuse(401, &[])]).await;
    let system = system(Setup::new().await, Dialect::OpenAi, &provider.url, true).await;
    let mut turn = Turn::ask(&system, QUESTION).await;
    let (name, problem) = turn.end().await;
    assert_eq!(
        (name.as_str(), &problem["reason"]),
        ("error", &json!("exhausted"))
    );
    assert_eq!(stored(&system, &turn.id).await["status"], "failed");
    assert_eq!((answers(&system).await, open_turns(&system).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_call_within_a_second() {
    let dialect = Dialect::OpenAi;
    let silent = [
        Script::begin(dialect, &SENTENCES[..1]).silence(),
        Script::default().silence(),
    ];
    let provider = Provider::start(silent).await;
    let system = system(Setup::new().await, dialect, &provider.url, true).await;
    for calls in 1..=2 {
        let mut turn = Turn::ask(&system, QUESTION).await;
        until("the provider is called", async || {
            provider.requests().len() == calls
        })
        .await;
        if calls == 1 {
            turn.until("2 pm to 8 pm").await;
        }
        let cancel = system.post(&format!("/v1/turns/{}/cancel", turn.id), &json!({}));
        let begun = Instant::now();
        assert_eq!(cancel.send().await.unwrap().status(), 202);
        provider.hung_up(calls).await;
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
        turn.end().await;
        assert_eq!(stored(&system, &turn.id).await["status"], "cancelled");
    }
    assert_eq!((answers(&system).await, open_turns(&system).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_does_not_need_its_reader() {
    let dialect = Dialect::OpenAi;
    let provider = Provider::start([paced(dialect)]).await;
    let system = system(Setup::new().await, dialect, &provider.url, true).await;
    let mut turn = Turn::ask(&system, QUESTION).await;
    turn.until("2 pm to 8 pm").await;
    let id = turn.id.clone();
    drop(turn);
    let mut again = Turn::resume(&system, &id).await;
    provider.release();
    again.until("Children may visit").await;
    drop(again);
    provider.release();
    provider.release();
    until("the answer is stored", async || {
        stored(&system, &id).await["status"] == "completed"
    })
    .await;
    assert_eq!(answers(&system).await, 1);
    let mut late = Turn::resume(&system, &id).await;
    let (name, done) = late.end().await;
    assert_eq!(
        (name.as_str(), &done["answer"]),
        ("done", &json!(late.text))
    );
    assert!(late.text.contains("Please do not visit"), "{}", late.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_passage_supports_reaches_nobody_and_is_counted() {
    let dialect = Dialect::OpenAi;
    let invented = "<think>Why not?</think>Bananas are yellow [1]. See https://evil.example.";
    let provider = Provider::start([
        Script::answer(dialect, &[invented]),
        Script::answer(dialect, &["NO ANSWER"]),
    ])
    .await;
    let system = system(Setup::new().await, dialect, &provider.url, true).await;
    let mut turn = Turn::ask(&system, QUESTION).await;
    let (_, done) = turn.end().await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(
        (&done["rung"], &done["grounded"]),
        (&json!("extractive"), &json!(true))
    );
    assert!(turn.text.contains("2 pm to 8 pm"), "{}", turn.text);
    assert_eq!(done["answer"], turn.text.as_str());
    for word in ["Bananas", "evil", "Why not"] {
        assert!(!turn.text.contains(word), "{}", turn.text);
    }
    let done = system.ask(&system.conversation().await, QUESTION).await;
    assert_eq!(
        (&done["status"], &done["grounded"]),
        (&json!("abstained"), &json!(false))
    );
    let url = format!("{}/metrics", system.orchestrator.url);
    let metrics = system.http.get(url).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for counted in [
        "chatbot_answer_sentences_dropped_total{reason=\"unrelated\"} 2",
        "chatbot_answer_sentences_dropped_total{reason=\"reasoning\"} 1",
        "chatbot_answers_replaced_total{rung=\"extractive\"} 1",
        "chatbot_answers_replaced_total{rung=\"abstain\"} 1",
    ] {
        assert!(metrics.contains(counted), "{counted}");
    }
}
