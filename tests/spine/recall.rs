//! Guidance that is recalled while people read it.

use serde_json::{Value, json};

use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::system::{Setup, System};
use crate::support::{execute, until};

const VISITING: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day.\n";
const PARKING: &str = "# Parking\n\nYou can park your car in front of the main entrance.\n";

/// A system whose answers come from this provider, with both leaflets.
pub async fn open(provider: &Provider) -> System {
    let setup = Setup::new().await.asking(Dialect::OpenAi, provider);
    let system = System::start_with(setup).await;
    for (name, text) in [("visiting.md", VISITING), ("parking.md", PARKING)] {
        system.document(name).text(text).indexed().await;
    }
    system
}

/// The lock of every writer of the index.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('chatbot.lexical ' || current_schema()))";
/// The content of the index.
const LEFT: &str = "SELECT count(*) + (SELECT count(*) FROM lexical_postings)
    + (SELECT chunks FROM lexical_stats) AS n FROM chunks";
const SUPERSEDED: &str = "document_versions v JOIN documents d ON d.id = v.document_id
    WHERE external_id = 'hours.md' AND v.status = 'superseded'";
/// Those who wait for the lock.
const WAITING: &str = "pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND objid::bigint = hashtext('chatbot.lexical ' || current_schema())::bigint & 4294967295";

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
    let mut turn = system.ask(QUESTION).turn().await;
    turn.until_event("citation").await;
    system.document("visiting.md").withdraw().await;
    provider.release();
    turn.fails("citation_unresolved").await;
    let kept = system.turn(&turn.id).await;
    assert_eq!(
        (&kept["status"], &kept["answer"]),
        (&json!("failed"), &json!(""))
    );
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
    let conversation = system.conversation().await;
    let told = async |question: &str| -> Value {
        conversation.ask(question).ends("completed").await;
        provider.requests().pop().unwrap().body
    };
    told(QUESTION).await;
    let parking = "Where can I park my car?";
    assert!(told(parking).await.to_string().contains("8 pm"));
    system.document("visiting.md").withdraw().await;
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
    let visiting = system.document("visiting.md").text(VISITING);
    let hours = system.document("hours.md").text(VISITING);
    visiting.indexed().await;
    hours.indexed().await;
    let found = async || {
        let answer = system.search(QUESTION).await;
        answer["results"].as_array().unwrap().len()
    };
    assert_eq!(found().await, 2);
    let database = system.database();
    let mut writer = database.connection().await;
    execute(&mut writer, "BEGIN").await;
    execute(&mut writer, LOCK).await;
    // One that is searchable, and one whose next edition is being stored.
    let hours = hours.text(format!("{VISITING}Ring the bell."));
    hours.upload().await;
    until("a worker waits to store it", async || {
        database.count(WAITING).await == 1
    })
    .await;
    visiting.withdraw().await;
    assert_eq!(found().await, 1);
    hours.withdraw().await;
    assert_eq!(found().await, 0);
    hours.delete().await;
    execute(&mut writer, "ROLLBACK").await;
    until("nothing is left in the index", async || {
        database.number(LEFT).await == 0
    })
    .await;
    until("its next edition is not stored", async || {
        database.count(SUPERSEDED).await == 1
    })
    .await;
}
