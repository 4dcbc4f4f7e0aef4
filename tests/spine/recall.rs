//! Guidance that is recalled while people read it.

use serde_json::{Value, json};

use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::{execute, until};

const VISITING: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day.\n";
const PARKING: &str = "# Parking\n\nYou can park your car in front of the main entrance.\n";

/// A system whose answers come from this provider, with both leaflets.
pub async fn open(provider: &Provider) -> System {
    let setup = Setup::new()
        .await
        .with("OPENAI_BASE_URL", &provider.url)
        .with("CHATBOT__LLM__PROVIDERS", "[\"openai\"]")
        .with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false");
    let system = System::start_with(setup).await;
    for (name, text) in [("visiting.md", VISITING), ("parking.md", PARKING)] {
        system.put(name, "text/markdown", text).await;
        system.settled(name).await;
    }
    system
}

/// Those who wait for the lock of whoever writes the index.
const WAITING: &str =
    "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND objid::bigint = hashtext('chatbot.lexical ' || current_schema())::bigint & 4294967295";

async fn withdraw(system: &System, name: &str) {
    let url = format!("{}/withdraw", system.document_url(name));
    let request = system.http.post(url).bearer_auth(&system.key);
    assert_eq!(request.send().await.unwrap().status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_source_is_withdrawn_meanwhile_ends_in_sight() {
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |_| {
        Script::begin(dialect, &["Visiting hours are from 2 pm to 8 pm [1].\n"])
            .wait()
            .send(dialect.ending(dialect.stop()))
    })
    .await;
    let system = open(&provider).await;
    let path = system.conversation().await;
    let mut answer = system
        .post(&path, &json!({ "content": "When are visiting hours?" }))
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    let mut events = String::new();
    while !events.contains("event: citation") {
        let chunk = answer.chunk().await.unwrap().expect("a citation");
        events.push_str(&String::from_utf8_lossy(&chunk));
    }
    withdraw(&system, "visiting.md").await;
    provider.release();
    let rest = answer.text().await.unwrap();
    assert!(rest.contains("citation_unresolved"), "{rest}");
    let kept = "SELECT count(*) AS n FROM turns WHERE status = 'failed' AND done->>'answer' = ''";
    assert_eq!(system.database().number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_from_withdrawn_guidance_is_not_told_to_the_model_again() {
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |request| {
        // The question is the last thing in a request.
        let asked = request.body["messages"].as_array().unwrap().last().unwrap();
        let text = if asked.to_string().contains("Where can I park") {
            "You can park your car in front of the main entrance [1]."
        } else {
            "Visiting hours are from 2 pm to 8 pm every day [1]."
        };
        Script::answer(dialect, &[text])
    })
    .await;
    let system = open(&provider).await;
    let path = system.conversation().await;
    let told = async |question: &str| -> Value {
        let done = system.ask(&path, question).await;
        assert_eq!(done["status"], "completed", "{done}");
        provider.requests().pop().unwrap().body
    };
    told("When are visiting hours?").await;
    let parking = "Where can I park my car?";
    assert!(told(parking).await.to_string().contains("8 pm"));
    withdraw(&system, "visiting.md").await;
    let later = told(parking).await.to_string();
    assert!(
        !later.contains("8 pm") && !later.contains("visiting hours"),
        "{later}"
    );
    assert!(later.contains("main entrance"), "{later}");
}

/// Storing a long document takes its time. A recall does not: what the index still holds is removed
/// later, and no search returns it meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_recall_waits_for_nobody_who_writes_the_index() {
    let system = System::start().await;
    for name in ["visiting.md", "hours.md"] {
        system.put(name, "text/markdown", VISITING).await;
        system.settled(name).await;
    }
    let found = async || {
        let url = format!("{}/v1/search", system.rag.url);
        let request = system.http.post(url).bearer_auth(&system.key);
        let request = request.json(&json!({ "query": "When are visiting hours?" }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["results"].as_array().unwrap().len()
    };
    assert_eq!(found().await, 2);
    let mut writer = system.database().connection().await;
    execute(&mut writer, "BEGIN").await;
    let lock = "SELECT pg_advisory_xact_lock(hashtext('chatbot.lexical ' || current_schema()))";
    execute(&mut writer, lock).await;
    // One that is searchable, and one whose next edition is being stored.
    system
        .put(
            "hours.md",
            "text/markdown",
            format!("{VISITING}Ring the bell."),
        )
        .await;
    until("a worker waits to store it", async || {
        system.database().number(WAITING).await == 1
    })
    .await;
    withdraw(&system, "visiting.md").await;
    assert_eq!(found().await, 1);
    withdraw(&system, "hours.md").await;
    assert_eq!(found().await, 0);
    let delete = system.http.delete(system.document_url("hours.md"));
    let deleted = delete.bearer_auth(&system.key).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    execute(&mut writer, "ROLLBACK").await;
    let left = "SELECT count(*) + (SELECT count(*) FROM lexical_postings)
        + (SELECT chunks FROM lexical_stats) AS n FROM chunks";
    until("nothing is left in the index", async || {
        system.database().number(left).await == 0
    })
    .await;
    let superseded = "SELECT count(*) AS n FROM document_versions v JOIN documents d
        ON d.id = v.document_id WHERE external_id = 'hours.md' AND v.status = 'superseded'";
    until("its next edition is not stored", async || {
        system.database().number(superseded).await == 1
    })
    .await;
}
