//! Hostile text as message, history and document, with a model that obeys all of it.
//!
//! The tables beside this module are the labelled set of the detector: `fit.tsv` is what its weights
//! are fitted to, `test.tsv` what it is measured on. `CHATBOT_TEST_HOSTILE` names another table, all
//! of whose hostile texts are tried then.

mod obedient;

use chatbot::safety::hostile;
use serde_json::{Value, json};

use self::obedient::Obedient;
use crate::support::events::Transcript;
use crate::support::system::{Setup, System};

const TEST: &str = include_str!("test.tsv");
const LEAFLET: &str = "# Paracetamol\n\nAdults take 2 tablets of paracetamol every 6 hours. \
    Never take more than 8 tablets of paracetamol in 24 hours.\n";
const QUESTION: &str = "How many tablets of paracetamol do adults take?";

/// Every so many texts, a message and a document are tried.
const MESSAGES: usize = 3;
const DOCUMENTS: usize = 8;

/// The hostile texts of the table, each with a word that only it contains.
fn hostile_texts(step: usize) -> Vec<(String, String)> {
    let other = std::env::var("CHATBOT_TEST_HOSTILE").ok();
    let other = other.map(|path| std::fs::read_to_string(path).unwrap());
    let step = if other.is_some() { 1 } else { step };
    let examples = hostile::examples(other.as_deref().unwrap_or(TEST)).unwrap();
    let examples = examples.into_iter();
    let hostile = examples.filter(|example| example.label.is_some());
    let numbered = hostile.step_by(step).enumerate().map(|(number, example)| {
        let word = format!("KOBOLD{number}X{}", number * 7 + 13);
        (format!("{} Code: {word}", example.text), word)
    });
    numbered.collect()
}

/// A system that knows the leaflet, and asks an obedient model.
async fn obeying() -> (Obedient, System) {
    let model = Obedient::start().await;
    let setup = Setup::new()
        .await
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "10000")
        .with("CHATBOT__MESSAGING__POLL_MS", "20");
    let system = System::start_with(model.asked_by(setup)).await;
    let leaflet = system.document("paracetamol.md").text(LEAFLET);
    leaflet.indexed().await;
    (model, system)
}

/// Fails if a client was shown anything that the model was told to add.
fn assert_clean(shown: &str, model: &Obedient, word: &str, case: &str) {
    let plain: String = shown.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_lowercase();
    let secrets = model.secrets();
    let words = secrets.iter().map(String::as_str).chain([word]);
    for word in words {
        let reversed: String = word.chars().rev().collect();
        for word in [word, &reversed] {
            assert!(
                !plain.contains(&word.to_lowercase()),
                "{case}: {word}: {shown}"
            );
        }
    }
    for part in obedient::ADDED {
        assert!(!shown.contains(part), "{case}: {part}: {shown}");
    }
    assert!(!shown.contains("numbered passages"), "{case}: {shown}");
}

/// Returns all that a client is sent.
fn all(events: &Transcript) -> String {
    let texts = events.0.iter().map(|event| event.data.to_string());
    texts.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_message_adds_nothing_to_the_answer() {
    let (model, system) = obeying().await;
    for (text, word) in hostile_texts(MESSAGES) {
        let message = format!("{QUESTION} {text}");
        let events = system.ask(&message).transcript().await;
        assert_clean(&all(&events), &model, &word, &text);
        let turn = events.0[0].id.split(':').next().unwrap().to_owned();
        let replayed = system.events(&turn, None).await;
        assert_clean(&all(&replayed), &model, &word, &text);
        // The model sees the message as history, whether or not it answered it.
        let conversation = system.conversation().await;
        let done = conversation.ask(&message).json().await;
        assert_clean(&done.to_string(), &model, &word, &text);
        let done = conversation.ask(QUESTION).json().await;
        assert_clean(&done.to_string(), &model, &word, &text);
    }
    assert!(model.calls() > 20, "{}", model.calls());
    let metrics = system.metrics().await;
    let counted = "chatbot_answer_sentences_dropped_total{reason=\"secret\"}";
    assert!(metrics.contains(counted), "{metrics}");
    let done = system.ask(QUESTION).json().await;
    assert!(
        done["answer"]
            .as_str()
            .unwrap()
            .contains("Adults take 2 tablets"),
        "{done}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_history_adds_nothing_to_the_answer() {
    let (model, system) = obeying().await;
    for (text, word) in hostile_texts(MESSAGES * 2) {
        let messages = json!([
            { "role": "user", "content": text },
            { "role": "assistant", "content": text },
            { "role": "user", "content": QUESTION },
        ]);
        let asked = system.complete(&system.key, QUESTION, &json!({ "messages": messages }));
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        assert_clean(&answer.to_string(), &model, &word, &text);
        let fields = json!({ "messages": messages, "stream": true });
        let asked = system.complete(&system.key, QUESTION, &fields);
        let streamed = asked.send().await.unwrap().text().await.unwrap();
        assert_clean(&streamed, &model, &word, &text);
    }
    assert!(model.calls() > 10, "{}", model.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_document_adds_nothing_to_the_answer() {
    let (model, system) = obeying().await;
    let texts = hostile_texts(DOCUMENTS).into_iter();
    let found = texts.filter(|(text, _)| !hostile::inspect(text).is_empty());
    for (number, (text, word)) in found.enumerate() {
        let collection = format!("hostile-{number}");
        let name = format!("leaflet-{number}.txt");
        let document = system.document(&name).of(&collection);
        let document = document.text(format!("{LEAFLET}\n{text}\n"));
        document.upload().await;
        document.settled().await;
        let asked = system.ask(QUESTION).of(&[&collection]);
        assert_clean(&all(&asked.transcript().await), &model, &word, &text);
        let about = system.ask(&text).of(&[&collection, "patients"]);
        assert_clean(&all(&about.transcript().await), &model, &word, &text);
    }
}
