//! Access to documents holds when something is read back, not only when it is found.

use serde_json::{Value, json};

use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::until;

/// For those who work on the wards.
const LINEN: &str = "# Linen\n\nThe linen room is locked at 9 pm and opened again at 5 am.\n";
const LINEN_QUESTION: &str = "When is the linen room locked?";
/// Words of that document which no question holds.
const LINEN_WORDS: &str = "5 am";
/// For everybody.
const PARKING: &str = "# Parking\n\nYou can park your car behind the east wing all day.\n";
const PARKING_QUESTION: &str = "Where can I park my car?";
const PARKING_WORDS: &str = "east wing";

const WITHHELD: &str = "This answer rests on documents that you may no longer read.";

/// A leaflet in each of two collections.
async fn stocked(setup: Setup) -> System {
    // One person asks much here, and in other tests at the same time.
    let system =
        System::start_with(setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "6000"));
    let system = system.await;
    for (collection, name, text) in [
        ("wards", "linen.md", LINEN),
        ("patients", "parking.md", PARKING),
    ] {
        put(&system, collection, name, text).await;
    }
    system
}

async fn put(system: &System, collection: &str, name: &str, text: &'static str) {
    let url = format!("{}/v1/documents/{collection}/{name}", system.rag.url);
    let request = system.http.put(&url).bearer_auth(&system.key).body(text);
    let answer = request.header("content-type", "text/markdown").send().await;
    assert!(answer.unwrap().status().is_success());
    until("the document is indexed", async || {
        let view = system.http.get(&url).bearer_auth(&system.key).send().await;
        let view: Value = view.unwrap().json().await.unwrap();
        view["version_status"] == "indexed" && view["current_version"] == view["version"]
    })
    .await;
}

async fn delete(system: &System, collection: &str, name: &str) {
    let url = format!("{}/v1/documents/{collection}/{name}", system.rag.url);
    let request = system.http.delete(url).bearer_auth(&system.key);
    assert_eq!(request.send().await.unwrap().status(), 204);
}

/// A system whose answers are those of a model that quotes the first passage it is given.
async fn with_model(provider: &Provider) -> System {
    let setup = Setup::new().await;
    let setup = setup.with("OPENAI_BASE_URL", &provider.url);
    let setup = setup
        .with("CHATBOT__LLM__PROVIDERS", "[\"openai\"]")
        .with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false");
    stocked(setup).await
}

/// The sentence that answers the question at the end of a request to the model.
fn sentence(request: &Value) -> &'static str {
    let asked = request["messages"].as_array().unwrap().last().unwrap();
    // The question comes after the passages.
    if asked["content"].as_str().unwrap().contains("park my car?") {
        "You can park your car behind the east wing all day [1].\n"
    } else {
        "The linen room is locked at 9 pm and opened again at 5 am [1].\n"
    }
}

/// Gives every key of this system these collections from now on.
async fn limit(system: &System, key: &str, collections: &str) {
    let prefix = &key[..11];
    let change =
        format!("UPDATE api_keys SET collections = {collections} WHERE prefix = '{prefix}'");
    system.database().execute(&change).await;
}

/// One key and what it reads.
struct Reader<'a> {
    system: &'a System,
    key: String,
    conversation: String,
}

impl<'a> Reader<'a> {
    /// A key of anna's, in a new conversation.
    async fn new(system: &'a System, collections: &[&str]) -> Self {
        let scopes = ["chat", "search", "documents"];
        let key = system.setup.limited_key("anna", &scopes, collections);
        Self {
            conversation: system.conversation().await,
            system,
            key,
        }
    }

    /// The same conversation with another of anna's keys.
    fn with_key(&self, collections: &[&str]) -> Self {
        Self {
            key: self
                .system
                .setup
                .limited_key("anna", &["chat"], collections),
            conversation: self.conversation.clone(),
            system: self.system,
        }
    }

    fn post(&self, question: &str, accept: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.system.orchestrator.url, self.conversation);
        let request = self.system.http.post(url).bearer_auth(&self.key);
        // The same question again is the same request.
        let once = format!("{}?{}", self.conversation, question.replace(' ', "-"));
        let request = request.header("idempotency-key", once);
        let request = request.header("accept", accept);
        request.json(&json!({ "content": question }))
    }

    async fn ask(&self, question: &str) -> Value {
        let answer = self
            .post(question, "application/json")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn get(&self, path: &str, last: Option<&str>) -> String {
        let url = format!("{}{path}", self.system.orchestrator.url);
        let mut request = self.system.http.get(url).bearer_auth(&self.key);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    /// Everything that can be read of a turn, each with the name of its surface.
    async fn surfaces(&self, question: &str, turn: &str) -> Vec<(&'static str, String)> {
        let events = format!("/v1/turns/{turn}/events");
        let sent = async |accept: &str| {
            let answer = self.post(question, accept).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.text().await.unwrap()
        };
        let conversation = self.conversation.trim_end_matches("/messages");
        let read: Value = serde_json::from_str(&self.get(conversation, None).await).unwrap();
        let messages = read["messages"].as_array().unwrap().iter();
        let messages: Vec<&Value> = messages.filter(|m| m["turn_id"] == *turn).collect();
        vec![
            ("turn", self.get(&format!("/v1/turns/{turn}"), None).await),
            ("events", self.get(&events, None).await),
            (
                "events after the first",
                self.get(&events, Some(&format!("{turn}:0"))).await,
            ),
            (
                "events that no cache has",
                self.get(&events, Some(&format!("{turn}:{}", 1_u64 << 41)))
                    .await,
            ),
            ("the question again", sent("application/json").await),
            ("its events again", sent("text/event-stream").await),
            ("messages", json!(messages).to_string()),
        ]
    }

    async fn assert_readable(&self, question: &str, turn: &str, words: &str) {
        for (surface, text) in self.surfaces(question, turn).await {
            assert!(text.contains(words), "{surface}: {text}");
            assert!(!text.contains(WITHHELD), "{surface}: {text}");
        }
    }

    async fn assert_withheld(&self, question: &str, turn: &str, words: &str) {
        for (surface, text) in self.surfaces(question, turn).await {
            assert!(!text.contains(words), "{surface}: {text}");
            assert!(text.contains(WITHHELD), "{surface}: {text}");
            assert!(
                text.contains("\"sources_status\":\"restricted\""),
                "{surface}: {text}"
            );
            assert!(!text.contains("version_id"), "{surface}: {text}");
        }
    }
}

fn turn_of(done: &Value) -> &str {
    assert_eq!(done["status"], "completed", "{done}");
    done["turn_id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reads_back_only_what_it_may_read_now() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::new(&system, &["patients", "wards"]).await;
    let linen = reader.ask(LINEN_QUESTION).await;
    let linen = turn_of(&linen);
    let parking = reader.ask(PARKING_QUESTION).await;
    let parking = turn_of(&parking);
    reader
        .assert_readable(LINEN_QUESTION, linen, LINEN_WORDS)
        .await;

    // Another key of the same person, and the same key later on.
    let other = reader.with_key(&["patients"]);
    other
        .assert_withheld(LINEN_QUESTION, linen, LINEN_WORDS)
        .await;
    other
        .assert_readable(PARKING_QUESTION, parking, PARKING_WORDS)
        .await;
    limit(&system, &reader.key, "'{patients}'").await;
    reader
        .assert_withheld(LINEN_QUESTION, linen, LINEN_WORDS)
        .await;
    reader
        .assert_readable(PARKING_QUESTION, parking, PARKING_WORDS)
        .await;
    for (surface, text) in reader.surfaces(PARKING_QUESTION, parking).await {
        assert!(!text.contains(LINEN_WORDS), "{surface}: {text}");
    }
    let view = reader.get(&format!("/v1/turns/{linen}"), None).await;
    let view: Value = serde_json::from_str(&view).unwrap();
    assert_eq!(view["status"], "completed");
    assert_eq!(view["citations"], json!([]));
    limit(&system, &reader.key, "'{}'").await;
    reader
        .assert_withheld(PARKING_QUESTION, parking, PARKING_WORDS)
        .await;

    // Nothing was changed in what is stored.
    limit(&system, &reader.key, "NULL").await;
    reader
        .assert_readable(LINEN_QUESTION, linen, LINEN_WORDS)
        .await;
    reader
        .assert_readable(PARKING_QUESTION, parking, PARKING_WORDS)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_is_not_read_back() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::new(&system, &[]).await;
    let linen = reader.ask(LINEN_QUESTION).await;
    let linen = turn_of(&linen);
    let parking = reader.ask(PARKING_QUESTION).await;
    let parking = turn_of(&parking);
    delete(&system, "wards", "linen.md").await;
    reader
        .assert_withheld(LINEN_QUESTION, linen, LINEN_WORDS)
        .await;
    // Its passage was found for the other question too, but not quoted.
    reader
        .assert_readable(PARKING_QUESTION, parking, PARKING_WORDS)
        .await;
    for (surface, text) in reader.surfaces(PARKING_QUESTION, parking).await {
        assert!(!text.contains(LINEN_WORDS), "{surface}: {text}");
    }
    // A new document at the same address does not bring the old one back.
    put(
        &system,
        "wards",
        "linen.md",
        "# Linen\n\nAsk the porter for linen.\n",
    )
    .await;
    reader
        .assert_withheld(LINEN_QUESTION, linen, LINEN_WORDS)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_not_told_again_what_its_reader_may_not_read_now() {
    let dialect = Dialect::OpenAi;
    let answer = move |request: &Value| Script::answer(dialect, &[sentence(request)]);
    let provider = Provider::choosing(move |request| answer(&request.body)).await;
    let system = with_model(&provider).await;
    let reader = Reader::new(&system, &["patients", "wards"]).await;
    let told = async |question: &str| {
        turn_of(&reader.ask(question).await);
        provider.requests().pop().unwrap().body.to_string()
    };
    told(LINEN_QUESTION).await;
    assert!(told(PARKING_QUESTION).await.contains(LINEN_WORDS));
    limit(&system, &reader.key, "'{patients}'").await;
    let later = told("And where can I park my car?").await;
    assert!(
        !later.contains(LINEN_WORDS) && !later.contains("linen"),
        "{later}"
    );
    assert!(later.contains(PARKING_WORDS), "{later}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_answer_shows_nothing_to_a_key_that_may_not_read_its_sources() {
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |request| {
        Script::begin(dialect, &[sentence(&request.body)])
            .wait()
            .send(dialect.ending(dialect.stop()))
    })
    .await;
    let system = with_model(&provider).await;
    let reader = Reader::new(&system, &[]).await;
    let mut answer = reader
        .post(LINEN_QUESTION, "text/event-stream")
        .send()
        .await
        .unwrap();
    let mut seen = String::new();
    while !seen.contains("event: citation") {
        let chunk = answer.chunk().await.unwrap().expect("a citation");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    let running = "SELECT id::text AS t FROM turns WHERE finished_at IS NULL";
    let turn = system.database().texts(running).await.remove(0);
    let other = reader.with_key(&["patients"]);
    let url = format!("{}/v1/turns/{turn}/events", system.orchestrator.url);
    let follow = || system.http.get(&url).bearer_auth(&other.key);
    let mut followed = Vec::new();
    for request in [
        follow(),
        follow().header("last-event-id", format!("{turn}:0")),
        other.post(LINEN_QUESTION, "text/event-stream"),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        followed.push(answer);
    }
    provider.release();
    let rest = answer.text().await.unwrap();
    assert!(rest.contains("event: done"), "{rest}");
    for answer in followed {
        let text = answer.text().await.unwrap();
        assert!(!text.contains(LINEN_WORDS), "{text}");
        assert!(text.contains(WITHHELD), "{text}");
        assert_eq!(text.matches("event: done").count(), 1, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_in_sight_when_its_key_loses_the_collection() {
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |request| {
        Script::begin(dialect, &[sentence(&request.body)])
            .wait()
            .send(dialect.ending(dialect.stop()))
    })
    .await;
    let system = with_model(&provider).await;
    for change in ["'{patients}'", "NULL, revoked_at = now()"] {
        let reader = Reader::new(&system, &["patients", "wards"]).await;
        let mut answer = reader
            .post(LINEN_QUESTION, "text/event-stream")
            .send()
            .await
            .unwrap();
        let mut events = String::new();
        while !events.contains("event: citation") {
            let chunk = answer.chunk().await.unwrap().expect("a citation");
            events.push_str(&String::from_utf8_lossy(&chunk));
        }
        limit(&system, &reader.key, change).await;
        provider.release();
        let rest = answer.text().await.unwrap();
        assert!(rest.contains("citation_unresolved"), "{rest}");
    }
}
