//! Whom to call: in an emergency, and wherever there is no answer, on every surface.

use std::process::Command;

use serde_json::{Value, json};

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

/// The events of the answer to a question.
async fn events(system: &System, path: &str, content: &str) -> Vec<(String, Value)> {
    let request = system.post(path, &json!({ "content": content }));
    let request = request.header("accept", "text/event-stream");
    let text = request.send().await.unwrap().text().await.unwrap();
    let blocks = text.split("\n\n").filter_map(|block| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let data = serde_json::from_str(field("data: ")?).unwrap();
        Some((field("event: ")?.to_owned(), data))
    });
    blocks.collect()
}

async fn completion(system: &System, content: &str, stream: bool) -> String {
    let said = json!([{ "role": "user", "content": content }]);
    let body = json!({ "model": "chatbot", "messages": said, "stream": stream });
    let answer = system.post("/v1/chat/completions", &body).send().await;
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
    let path = system.conversation().await;
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
        let events = events(&system, &path, question).await;
        let of = |name: &str| &events.iter().find(|(event, _)| event == name).unwrap().1;
        let (triage, done) = (of("triage"), of("done"));
        assert_eq!(kinds(&triage["contacts"]), expected, "{triage}");
        assert_eq!(triage["contacts"][0]["number"], "0144");
        assert_eq!(done["contacts"], triage["contacts"]);
        assert_eq!(done["answer"], triage["text"]);
        assert!(done["answer"].as_str().unwrap().contains(named), "{done}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_no_answer_is_told_what_to_do_if_it_cannot_wait() {
    let setup = numbered().await;
    // Nobody listens there.
    let setup = setup.with("OPENAI_BASE_URL", "http://127.0.0.1:1");
    let setup = setup
        .with("CHATBOT__LLM__PROVIDERS", "[\"openai\"]")
        .with("CHATBOT__ORCHESTRATOR__EXTRACTIVE", "false");
    let mut system = System::start_with(setup).await;
    let path = system.conversation().await;

    let done = system.ask(&path, UNKNOWN).await;
    assert_eq!(done["status"], "abstained");
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

    let leaflet = "Visiting hours are from 2 pm to 8 pm every day.\n";
    system.put("visiting.md", "text/markdown", leaflet).await;
    system.settled("visiting.md").await;
    assert_failures_help(&system, &path, "the provider is away").await;
    system.rag.child.kill().unwrap();
    assert_failures_help(&system, &path, "retrieval is away").await;
}

/// An answer that fails says what to do, whichever way it was asked for.
async fn assert_failures_help(system: &System, path: &str, why: &str) {
    let question = "When are visiting hours?";
    let events = events(system, path, question).await;
    let (name, problem) = events.last().unwrap();
    assert_eq!(name, "error", "{why}: {problem}");
    assert!(
        problem["detail"].as_str().unwrap().ends_with(LINE),
        "{problem}"
    );
    assert_eq!(problem["contacts"][1]["number"], "0144");

    let body = json!({ "content": question });
    let answer = system.post(path, &body).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    assert!(body["detail"].as_str().unwrap().ends_with(LINE), "{body}");
    for stream in [false, true] {
        let said = completion(system, question, stream).await;
        assert!(said.contains(LINE), "{why}: {said}");
    }
    let (_, said) = terminal(system, question).await;
    assert_eq!(said.matches("In an emergency").count(), 1, "{why}: {said}");
    assert!(said.contains(LINE), "{why}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_and_the_page_say_whom_to_call() {
    let setup = numbered().await;
    let setup = setup.with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "1");
    let mut system = System::start_with(setup).await;
    system.key = system
        .setup
        .key(&crate::support::unique("person"), &["chat"]);
    let path = system.conversation().await;
    let body = json!({ "content": UNKNOWN });
    until("a question is refused", || async {
        let answer = system.post(&path, &body).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        let detail = body["detail"].as_str();
        let told = detail.is_some_and(|detail| detail.ends_with(LINE));
        assert!(status == 200 || status == 429 && told, "{body}");
        status == 429
    })
    .await;

    let page = system.http.get(&system.orchestrator.url).send().await;
    let page = page.unwrap().text().await.unwrap();
    for link in [
        r#"<a href="tel:+41441234">the night nurse &lt;b&gt; (+41 44 (12) 34)</a>"#,
        r#"<a href="tel:0144">your local emergency number (0144)</a>"#,
    ] {
        assert!(page.contains(link), "{page}");
    }
}
