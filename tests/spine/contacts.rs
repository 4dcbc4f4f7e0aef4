//! The contacts in emergencies, and wherever there is no answer, on every surface.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::conversation::Conversation;
use crate::support::leaflet::{HOURS, NAME, QUESTION};
use crate::support::provider::Dialect;
use crate::support::system::{Setup, System};
use crate::support::until;

const NUMBERS: &[(&str, &str)] = &[
    ("EMERGENCY__NUMBER", "0144"),
    ("CRISIS_LINE__LABEL", "the listening line"),
    ("CRISIS_LINE__NUMBER", "143"),
    ("POISON_CENTRE__NUMBER", "145"),
    ("URGENT_ADVICE_LINE__LABEL", "the night nurse <b>"),
    ("URGENT_ADVICE_LINE__NUMBER", "+41 44 (12) 34"),
];
/// The line of every text that stands in place of an answer.
const LINE: &str = "If it is urgent, call the night nurse <b> (+41 44 (12) 34). \
    In an emergency, call your local emergency number (0144) now.";
const UNKNOWN: &str = "Which festivals are there in Ulaanbaatar?";

async fn numbered() -> Setup {
    NUMBERS
        .iter()
        .fold(Setup::new().await, |setup, (key, value)| {
            setup.with(&format!("CHATBOT__SAFETY__{key}"), *value)
        })
}

async fn completion(system: &System, content: &str, stream: bool) -> String {
    let fields = json!({ "stream": stream });
    let answer = system.complete(&system.key, content, &fields).send().await;
    answer.unwrap().text().await.unwrap()
}

fn kinds(contacts: &Value) -> Vec<&str> {
    let contacts = contacts.as_array().into_iter().flatten();
    contacts
        .filter_map(|contact| contact["kind"].as_str())
        .collect()
}

/// `chatbot ask`: what it shows, and what it says beside that.
async fn terminal(system: &System, question: &str) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatbot"));
    command
        .args(["ask", "--url", &system.orchestrator.url, question])
        .args(["--api-key", &system.key]);
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_names_the_numbers_that_are_configured() {
    let system = System::start_with(numbered().await).await;
    for (question, named, expected) in [
        ("I can't breathe", "(0144)", vec!["emergency"]),
        (
            "My toddler drank bleach",
            "the poison centre (145)",
            vec!["emergency", "poison_centre"],
        ),
        (
            "I want to end my life",
            "the listening line (143)",
            vec!["emergency", "crisis_line"],
        ),
    ] {
        let events = system.ask(question).transcript().await;
        let (triage, done) = (events.data("triage"), events.data("done"));
        assert_eq!(kinds(&triage["contacts"]), expected, "{triage}");
        assert_eq!(triage["contacts"][0]["number"], "0144");
        assert_eq!(done["contacts"], triage["contacts"]);
        assert_eq!(done["answer"], triage["text"]);
        assert!(done["answer"].as_str().unwrap().contains(named), "{done}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn urgent_advice_comes_before_the_answer() {
    let system = System::start_with(numbered().await).await;
    system.document(NAME).text(HOURS).indexed().await;
    let question = format!("My cut from yesterday is red, hot and full of pus. {QUESTION}");
    let done = system.ask(&question).ends("completed").await;
    let triage = &done["triage"];
    assert_eq!(triage["level"], "urgent");
    assert_eq!(kinds(&triage["contacts"])[0], "urgent_advice_line");
    assert!(done["answer"].as_str().unwrap().starts_with(HOURS.trim()));
    let body: Value = serde_json::from_str(&completion(&system, &question, false).await).unwrap();
    let said = body["choices"][0]["message"]["content"].as_str().unwrap();
    let advice = triage["text"].as_str().unwrap();
    assert!(
        said.starts_with(advice) && said.contains(HOURS.trim()),
        "{said}"
    );
    let (shown, _) = terminal(&system, &question).await;
    let at = |text: &str| {
        shown
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {shown}"))
    };
    assert!(at(advice) < at(HOURS.trim()), "{shown}");
}

/// A system with a provider that nobody reaches.
async fn speechless() -> System {
    let setup = numbered().await;
    System::start_with(setup.asking_at(Dialect::OpenAi, "http://127.0.0.1:1")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abstention_says_what_to_do_if_it_cannot_wait() {
    let system = speechless().await;
    let done = system.ask(UNKNOWN).ends("abstained").await;
    assert!(done["answer"].as_str().unwrap().ends_with(LINE), "{done}");
    assert_eq!(
        kinds(&done["contacts"]),
        ["urgent_advice_line", "emergency"]
    );
    let body: Value = serde_json::from_str(&completion(&system, UNKNOWN, false).await).unwrap();
    let said = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(said.ends_with(LINE), "{body}");
    assert_eq!(body["chatbot"]["contacts"], done["contacts"]);
    let (shown, _) = terminal(&system, UNKNOWN).await;
    assert!(shown.contains(LINE), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_what_to_do_if_it_cannot_wait() {
    let mut system = speechless().await;
    let leaflet = "Visiting hours are from 2 pm to 8 pm every day.\n";
    system.document(NAME).text(leaflet).indexed().await;
    let id = system.conversation().await.id;
    assert_failures_help(&system, &Conversation::known(&system, &id), "no provider").await;
    system.rag.child.kill().unwrap();
    assert_failures_help(&system, &Conversation::known(&system, &id), "no retrieval").await;
}

/// An answer that fails says what to do, whichever way it was asked for.
async fn assert_failures_help(system: &System, conversation: &Conversation<'_>, why: &str) {
    let events = conversation.ask(QUESTION).transcript().await;
    let (name, problem) = events.end();
    assert_eq!(name, "error", "{why}: {problem}");
    let (_, body) = conversation.ask(QUESTION).outcome().await;
    for problem in [problem, &body] {
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with(LINE), "{why}: {problem}");
    }
    assert_eq!(problem["contacts"][1]["number"], "0144");
    for stream in [false, true] {
        let said = completion(system, QUESTION, stream).await;
        assert!(said.contains(LINE), "{why}: {said}");
    }
    let (_, said) = terminal(system, QUESTION).await;
    assert_eq!(said.matches("In an emergency").count(), 1, "{why}: {said}");
    assert!(said.contains(LINE), "{why}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_whom_to_call() {
    let setup = numbered().await;
    let setup = setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "1");
    let mut system = System::start_with(setup).await;
    let person = crate::support::unique("person");
    system.key = system.setup.key(&person, &["chat"]);
    let conversation = system.conversation().await;
    until("a question is refused", async || {
        let (status, body) = conversation.ask(UNKNOWN).outcome().await;
        let detail = body["detail"].as_str();
        let told = detail.is_some_and(|detail| detail.ends_with(LINE));
        assert!(status == 200 || status == 429 && told, "{body}");
        status == 429
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_whom_to_call() {
    let system = System::start_with(numbered().await).await;
    let page = system.http.get(&system.orchestrator.url).send().await;
    let page = page.unwrap().text().await.unwrap();
    for link in [
        r#"<a href="tel:+41441234">the night nurse &lt;b&gt; (+41 44 (12) 34)</a>"#,
        r#"<a href="tel:0144">your local emergency number (0144)</a>"#,
    ] {
        assert!(page.contains(link), "{page}");
    }
}
