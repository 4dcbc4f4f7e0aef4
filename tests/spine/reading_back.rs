//! Access to documents holds when something is read back, not only when it is found.

use serde_json::{Value, json};

use crate::support::conversation::{Conversation, Document};
use crate::support::events::{EventStream, Turn};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};

/// A leaflet of a collection, and what one asks about it.
struct Leaflet {
    collection: &'static str,
    name: &'static str,
    text: &'static str,
    question: &'static str,
    /// Words of it that no question holds.
    words: &'static str,
    /// The sentence with which a model answers.
    sentence: &'static str,
}

/// For those who work on the wards.
const LINEN: Leaflet = Leaflet {
    collection: "wards",
    name: "linen.md",
    text: "# Linen\n\nThe linen room is locked at 9 pm and opened again at 5 am.\n",
    question: "When is the linen room locked?",
    words: "5 am",
    sentence: "The linen room is locked at 9 pm and opened again at 5 am [1].\n",
};
/// For everybody.
const PARKING: Leaflet = Leaflet {
    collection: "patients",
    name: "parking.md",
    text: "# Parking\n\nYou can park your car behind the east wing all day.\n",
    question: "Where can I park my car?",
    words: "east wing",
    sentence: "You can park your car behind the east wing all day [1].\n",
};

const WITHHELD: &str = "This answer rests on documents that you may no longer read.";

impl Leaflet {
    fn of<'a>(&self, system: &'a System) -> Document<'a> {
        system
            .document(self.name)
            .of(self.collection)
            .text(self.text)
    }
}

/// A leaflet in each of two collections.
async fn stocked(setup: Setup) -> System {
    // One person asks much here, and in other tests at the same time.
    let setup = setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "6000");
    let system = System::start_with(setup).await;
    for leaflet in [LINEN, PARKING] {
        leaflet.of(&system).indexed().await;
    }
    system
}

/// A system whose answers are those of a model that quotes the leaflet it is asked about; each goes on
/// to its end at once, or when the provider is released.
async fn with_model(end: fn(Script) -> Script) -> (Provider, System) {
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |request| {
        // The question comes after the passages.
        let asked = request.body["messages"].as_array().unwrap().last().unwrap();
        let about_parking = asked.to_string().contains("park my car?");
        let leaflet = if about_parking { PARKING } else { LINEN };
        let begun = Script::begin(dialect, &[leaflet.sentence]);
        end(begun).send(dialect.ending(dialect.stop()))
    })
    .await;
    let setup = Setup::new().await.asking(dialect, &provider);
    let system = stocked(setup).await;
    (provider, system)
}

/// One key, and the conversation that it reads.
struct Reader<'a> {
    system: &'a System,
    key: String,
    conversation: Conversation<'a>,
}

/// The answer to the question about a leaflet.
struct Answer {
    leaflet: Leaflet,
    turn: String,
}

impl<'a> Reader<'a> {
    /// A key of anna's for these collections, in a new conversation.
    async fn of(system: &'a System, collections: &[&str]) -> Self {
        let conversation = system.conversation().await;
        Self::with_key(system, &conversation, collections)
    }

    /// Another of anna's keys, in the same conversation.
    fn beside(&self, collections: &[&str]) -> Self {
        Self::with_key(self.system, &self.conversation, collections)
    }

    fn with_key(system: &'a System, conversation: &Conversation<'a>, allowed: &[&str]) -> Self {
        let scopes = ["chat", "search", "documents"];
        let key = system.setup.limited_key("anna", &scopes, allowed);
        Self {
            conversation: conversation.with_key(&key),
            system,
            key,
        }
    }

    /// Gives the key these columns from now on.
    async fn becomes(&self, columns: &str) {
        let prefix = &self.key[..11];
        let change = format!("UPDATE api_keys SET {columns} WHERE prefix = '{prefix}'");
        self.system.database().execute(&change).await;
    }

    async fn ask(&self, leaflet: Leaflet) -> Answer {
        let done = self.ask_about(&leaflet).ends("completed").await;
        Answer {
            leaflet,
            turn: done["turn_id"].as_str().unwrap().to_owned(),
        }
    }

    /// The same again is the same request.
    fn ask_about(&self, leaflet: &Leaflet) -> crate::support::conversation::Ask<'a> {
        let once = format!("{}-{}", self.conversation.id, leaflet.name);
        self.conversation.ask(leaflet.question).once(&once)
    }

    async fn get(&self, path: &str, last: Option<&str>) -> String {
        let mut request = self.system.at(reqwest::Method::GET, path, &self.key);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    /// Everything that can be read of an answer, each with the name of its surface.
    async fn surfaces(&self, Answer { leaflet, turn }: &Answer) -> Vec<(&'static str, String)> {
        let events = format!("/v1/turns/{turn}/events");
        let sent = async |accept: &str| {
            let answer = self.ask_about(leaflet).send(accept).await;
            assert_eq!(answer.status(), 200);
            answer.text().await.unwrap()
        };
        let read = self.conversation.read().await;
        let messages = read["messages"].as_array().unwrap().iter();
        let messages: Vec<&Value> = messages.filter(|m| m["turn_id"] == **turn).collect();
        let (first, endless) = (format!("{turn}:0"), format!("{turn}:{}", 1_u64 << 41));
        vec![
            ("turn", self.get(&format!("/v1/turns/{turn}"), None).await),
            ("events", self.get(&events, None).await),
            (
                "events after the first",
                self.get(&events, Some(&first)).await,
            ),
            (
                "events that no cache has",
                self.get(&events, Some(&endless)).await,
            ),
            ("the question again", sent("application/json").await),
            ("its events again", sent("text/event-stream").await),
            ("messages", json!(messages).to_string()),
        ]
    }

    async fn assert_reads(&self, answer: &Answer) {
        for (surface, text) in self.surfaces(answer).await {
            assert!(text.contains(answer.leaflet.words), "{surface}: {text}");
            assert!(!text.contains(WITHHELD), "{surface}: {text}");
        }
    }

    async fn assert_does_not_read(&self, answer: &Answer) {
        let restricted = "\"sources_status\":\"restricted\"";
        for (surface, text) in self.surfaces(answer).await {
            assert!(!text.contains(answer.leaflet.words), "{surface}: {text}");
            assert!(text.contains(WITHHELD), "{surface}: {text}");
            assert!(text.contains(restricted), "{surface}: {text}");
            assert!(!text.contains("version_id"), "{surface}: {text}");
        }
    }

    /// No surface of this answer has words of a leaflet that it does not quote.
    async fn assert_tells_nothing_of(&self, other: &Leaflet, answer: &Answer) {
        for (surface, text) in self.surfaces(answer).await {
            assert!(!text.contains(other.words), "{surface}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_of_the_same_person_reads_only_its_collections() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::of(&system, &["patients", "wards"]).await;
    let (linen, parking) = (reader.ask(LINEN).await, reader.ask(PARKING).await);
    reader.assert_reads(&linen).await;
    let other = reader.beside(&["patients"]);
    other.assert_does_not_read(&linen).await;
    other.assert_reads(&parking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_loses_a_collection_no_longer_reads_it_back() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::of(&system, &["patients", "wards"]).await;
    let (linen, parking) = (reader.ask(LINEN).await, reader.ask(PARKING).await);
    reader.becomes("collections = '{patients}'").await;
    reader.assert_does_not_read(&linen).await;
    reader.assert_reads(&parking).await;
    reader.assert_tells_nothing_of(&LINEN, &parking).await;
    let view = reader.get(&format!("/v1/turns/{}", linen.turn), None).await;
    let view: Value = serde_json::from_str(&view).unwrap();
    assert_eq!(view["status"], "completed");
    assert_eq!(view["citations"], json!([]));
    reader.becomes("collections = '{}'").await;
    reader.assert_does_not_read(&parking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_gets_its_collections_back_reads_everything_again() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::of(&system, &["patients", "wards"]).await;
    let (linen, parking) = (reader.ask(LINEN).await, reader.ask(PARKING).await);
    reader.becomes("collections = '{}'").await;
    reader.assert_does_not_read(&linen).await;
    reader.becomes("collections = NULL").await;
    reader.assert_reads(&linen).await;
    reader.assert_reads(&parking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_is_not_read_back() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::of(&system, &[]).await;
    let (linen, parking) = (reader.ask(LINEN).await, reader.ask(PARKING).await);
    LINEN.of(&system).delete().await;
    reader.assert_does_not_read(&linen).await;
    // Its passage was found for the other question too, but not quoted.
    reader.assert_reads(&parking).await;
    reader.assert_tells_nothing_of(&LINEN, &parking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_document_at_the_same_address_does_not_bring_the_old_one_back() {
    let system = stocked(Setup::new().await).await;
    let reader = Reader::of(&system, &[]).await;
    let linen = reader.ask(LINEN).await;
    LINEN.of(&system).delete().await;
    let porter = "# Linen\n\nAsk the porter for linen.\n";
    LINEN.of(&system).text(porter).indexed().await;
    reader.assert_does_not_read(&linen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_not_told_again_what_its_reader_may_not_read_now() {
    let (provider, system) = with_model(|script| script).await;
    let reader = Reader::of(&system, &["patients", "wards"]).await;
    let told = async |question: &str| {
        reader.conversation.ask(question).ends("completed").await;
        provider.requests().pop().unwrap().body.to_string()
    };
    told(LINEN.question).await;
    assert!(told(PARKING.question).await.contains(LINEN.words));
    reader.becomes("collections = '{patients}'").await;
    let later = told("And where can I park my car?").await;
    for words in [LINEN.words, "linen"] {
        assert!(!later.contains(words), "{later}");
    }
    assert!(later.contains(PARKING.words), "{later}");
}

/// An answer that has shown a citation and waits for its end.
async fn running(reader: &Reader<'_>) -> Turn {
    let mut turn = reader.ask_about(&LINEN).turn().await;
    turn.until_event("citation").await;
    turn
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_answer_shows_nothing_to_a_key_that_may_not_read_its_sources() {
    let (provider, system) = with_model(Script::wait).await;
    let reader = Reader::of(&system, &[]).await;
    let mut answer = running(&reader).await;
    let other = reader.beside(&["patients"]);
    let path = format!("/v1/turns/{}/events", answer.id);
    let follow = || system.at(reqwest::Method::GET, &path, &other.key);
    let after_the_first = follow().header("last-event-id", format!("{}:0", answer.id));
    let followed = [
        follow().send().await.unwrap(),
        after_the_first.send().await.unwrap(),
        other.ask_about(&LINEN).send("text/event-stream").await,
    ];
    provider.release();
    answer.ends("completed").await;
    for answer in followed {
        let text = EventStream::of(answer).rest().await;
        let dones = text.names().iter().filter(|name| **name == "done").count();
        let text = text.to_string();
        assert!(!text.contains(LINEN.words), "{text}");
        assert!(text.contains(WITHHELD), "{text}");
        assert_eq!(dones, 1, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_in_sight_when_its_key_loses_the_collection() {
    let (provider, system) = with_model(Script::wait).await;
    for change in [
        "collections = '{patients}'",
        "collections = NULL, revoked_at = now()",
    ] {
        let reader = Reader::of(&system, &["patients", "wards"]).await;
        let mut answer = running(&reader).await;
        reader.becomes(change).await;
        provider.release();
        answer.fails("citation_unresolved").await;
    }
}
