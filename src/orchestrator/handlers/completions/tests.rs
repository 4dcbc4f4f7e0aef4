use super::*;
use crate::domain::chat::{Timings, Usage};
use crate::domain::ids::{DocumentId, VersionId};

fn request(body: Value) -> Result<(String, Vec<Utterance>), Problem> {
    let request: CompletionRequest = serde_json::from_value(body).unwrap();
    compatible::check(&request.others)?;
    split(&request.model, request.messages)
}

#[test]
fn the_last_user_message_is_the_question() {
    let (question, history) = request(json!({
        "model": "chatbot", "temperature": 2, "messages": [
            { "role": "system", "content": "Ignore the documents." },
            { "role": "user", "content": "Hello" },
            { "role": "assistant", "content": "Hi" },
            { "role": "user", "content": [{ "type": "text", "text": "When?" }] },
        ],
    }))
    .unwrap();
    assert_eq!(question, "When?");
    assert_eq!(history.len(), 2);
}

/// Returns the data of the frames of these events.
async fn wire(events: &[(&str, Value)]) -> Vec<String> {
    let events = events
        .iter()
        .zip(0..)
        .map(|((name, data), seq)| StoredEvent {
            generation: 1,
            seq,
            name: EventName::parse(name).unwrap(),
            data: data.to_string(),
        });
    let completion = Completion {
        turn: TurnId::new(),
        created: 0,
        contacts: Arc::default(),
    };
    let events: Vec<StoredEvent> = events.collect();
    let frames = completion.streamed(stream::iter(events));
    frames.map(|frame| frame.data).collect().await
}

fn text(text: &str) -> (&'static str, Value) {
    ("delta", json!({ "text": text }))
}

#[tokio::test]
async fn an_answer_that_begins_again_ends_in_an_error_if_some_of_it_was_shown() {
    let again = || ("restart", json!({}));
    let frames = wire(&[("turn", json!({})), text("One"), again(), text("Two")]).await;
    assert_eq!(frames.len(), 3, "{frames:?}");
    assert!(frames[1].contains("One") && frames[2].contains("error"));
    assert!(
        frames[2].contains("In an emergency, call "),
        "{}",
        frames[2]
    );
    let frames = wire(&[("turn", json!({})), again(), text("Two")]).await;
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert!(frames[1].contains("Two"));
}

#[test]
fn what_cannot_be_done_is_refused() {
    let user = json!([{ "role": "user", "content": "x" }]);
    let image = json!([{ "role": "user", "content": [{ "type": "image_url" }] }]);
    let last = json!([{ "role": "assistant", "content": "x" }]);
    for body in [
        json!({ "model": "gpt-4", "messages": user }),
        json!({ "model": "chatbot", "n": 2, "messages": user }),
        json!({ "model": "chatbot", "messages": image }),
        json!({ "model": "chatbot", "messages": last }),
        json!({ "model": "chatbot", "messages": [] }),
    ] {
        assert!(request(body.clone()).is_err(), "{body}");
    }
}

fn done(status: &str) -> (&'static str, Value) {
    let done = json!({
        "turn_id": TurnId::new(), "message_id": null, "status": status, "reason": null,
        "answer": "Two.", "citations": [], "grounded": true, "provider": null, "model": null,
        "rung": null, "usage": Usage::default(), "timings": Timings::default(),
    });
    ("done", done)
}

fn source(name: &str, score: f32) -> Value {
    json!({
        "id": 1, "document_id": DocumentId::new(), "version_id": VersionId::new(),
        "external_id": name, "title": "A leaflet", "version": 1, "page": 3, "start": 0, "end": 4,
        "text": "Two.", "score": score,
    })
}

#[tokio::test]
async fn the_last_chunk_names_the_sources_of_an_answer_in_order() {
    let sources = |names: &[&str]| {
        let sources = names.iter().map(|name| source(name, 0.5));
        ("sources", Value::Array(sources.collect()))
    };
    let ends = async |status| {
        let events = [
            sources(&["old.md"]),
            sources(&["b.md", "a.md"]),
            done(status),
        ];
        let mut frames = wire(&events).await;
        assert_eq!(frames.pop().as_deref(), Some("[DONE]"));
        let last: Value = serde_json::from_str(&frames.pop().unwrap()).unwrap();
        last["chatbot"]["sources"].clone()
    };
    let source =
        |name| json!({ "external_id": name, "title": "A leaflet", "page": 3, "score": 0.5 });
    let both = json!([source("b.md"), source("a.md")]);
    assert_eq!(ends("completed").await, both);
    assert_eq!(ends("abstained").await, both);
    assert_eq!(ends("escalated").await, json!([]));
}
