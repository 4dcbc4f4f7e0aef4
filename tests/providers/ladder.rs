//! The steps below the best answer: each one is told to the person, on every surface.

use serde_json::{Value, json};

use crate::support::conversation::Conversation;
use crate::support::leaflet::{QUESTION, SENTENCES};
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::proxy::{Fault, behind};
use crate::support::system::{Setup, System};

const DIALECT: Dialect = Dialect::OpenAi;
const VERBATIM: &str = "Our language model is not available right now.";

fn answer(dialect: Dialect) -> Script {
    Script::answer(dialect, &SENTENCES[..1])
}

/// The body of a completion, whole.
async fn completion(system: &System, question: &str) -> Value {
    let request = system.complete(&system.key, question, &json!({}));
    request.send().await.unwrap().json().await.unwrap()
}

/// The frames of a completion, streamed.
async fn frames(system: &System, question: &str) -> String {
    let request = system.complete(&system.key, question, &json!({ "stream": true }));
    request.send().await.unwrap().text().await.unwrap()
}

/// The words of `chatbot ask` beside the answer.
async fn terminal(system: &System, question: &str) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chatbot"));
    command
        .args(["ask", "--url", &system.orchestrator.url, question])
        .args(["--api-key", &system.key]);
    let output = tokio::process::Command::from(command).output().await;
    String::from_utf8(output.unwrap().stderr).unwrap()
}

/// An answer of this step tells it in the stream, when it is read again, to clients of OpenAI and
/// in the terminal.
async fn assert_told(system: &System, rung: &str, reason: &str, notice: &str) {
    let done = system.ask(QUESTION).turn().await.ends("completed").await;
    let degraded = &done["degraded"];
    assert_eq!(degraded["rung"], rung, "{done}");
    assert_eq!(degraded["reason"], reason, "{done}");
    assert_eq!(degraded["language"], "en", "{done}");
    assert!(
        degraded["notice"].as_str().unwrap().starts_with(notice),
        "{done}"
    );
    let again = system.turn(done["turn_id"].as_str().unwrap()).await;
    assert_eq!(&again["degraded"], degraded);
    let body = completion(system, QUESTION).await;
    assert_eq!(&body["chatbot"]["degraded"], degraded, "{body}");
    let streamed = frames(system, QUESTION).await;
    assert!(streamed.contains(notice), "{streamed}");
    let said = terminal(system, QUESTION).await;
    assert!(said.contains(notice), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_answer_says_nothing_of_steps() {
    let provider = Provider::start([answer(DIALECT)]).await;
    let system = System::informed(Setup::new().await.asking_first(DIALECT, &provider)).await;
    let done = system.ask(QUESTION).ends("completed").await;
    assert_eq!(done["rung"], "llm", "{done}");
    assert!(done.get("degraded").is_none(), "{done}");
    let body = completion(&system, QUESTION).await;
    assert_eq!(body["chatbot"]["degraded"], Value::Null, "{body}");
    assert_eq!(terminal(&system, QUESTION).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_provider_says_so() {
    let first = Provider::start([Script::refuse(401, &[])]).await;
    let second = Provider::start([answer(Dialect::Anthropic)]).await;
    let setup = Setup::new().await.asking(Dialect::Anthropic, &second);
    let setup = setup.asking(DIALECT, &first);
    let providers = r#"["openai", "anthropic"]"#;
    let setup = setup.with("CHATBOT__LLM__PROVIDERS", providers);
    let system = System::informed(setup).await;
    let notice = "Our usual language model is not available right now. Another one was used";
    assert_told(&system, "fallback", "provider_unavailable", notice).await;
    let done = system.ask(QUESTION).ends("completed").await;
    assert_eq!(
        (&done["provider"], &done["rung"]),
        (&json!("anthropic"), &json!("llm"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_word_for_word_says_that_no_model_answered() {
    let provider = Provider::start([Script::refuse(401, &[])]).await;
    let system = System::informed(Setup::new().await.asking_first(DIALECT, &provider)).await;
    assert_told(&system, "verbatim", "provider_unavailable", VERBATIM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_word_for_word_says_that_the_model_had_no_support() {
    let script = Script::answer(DIALECT, &["Bananas are yellow [1]."]);
    let provider = Provider::start([script]).await;
    let system = System::informed(Setup::new().await.asking_first(DIALECT, &provider)).await;
    let notice = "Our documents support no sentence that the language model wrote.";
    assert_told(&system, "verbatim", "unsupported", notice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configured_model_word_for_word_is_the_best_answer() {
    let system = System::informed(Setup::new().await).await;
    let done = system.ask(QUESTION).ends("completed").await;
    assert_eq!(done["rung"], "extractive", "{done}");
    assert!(done.get("degraded").is_none(), "{done}");
}

/// Question, language, and what the notice says in it.
const UNANSWERED: [(&str, &str, [&str; 2]); 4] = [
    (
        QUESTION,
        "en",
        [
            "The assistant cannot answer right now. Please try again later, or ask a member of staff.",
            "your local emergency number (0144)",
        ],
    ),
    (
        "探视时间是什么时候？",
        "zh",
        ["助手现在无法回答", "当地的紧急求助电话 (0144)"],
    ),
    (
        "मिलने का समय क्या है?",
        "hi",
        ["सहायक अभी उत्तर नहीं दे सकता", "(0144)"],
    ),
    (
        "ما هي ساعات الزيارة؟",
        "ar",
        ["لا يستطيع المساعد الإجابة الآن", "(0144)"],
    ),
];

/// A turn that fails says so in the stream, when it is read again, and in every other body.
async fn assert_unanswered(
    system: &System,
    conversation: &Conversation<'_>,
    (question, language, notice): (&str, &str, [&str; 2]),
) {
    let mut turn = conversation.ask(question).turn().await;
    let problem = turn.fails("retrieval").await;
    let degraded = &problem["degraded"];
    let said = degraded["notice"].as_str().unwrap();
    let expected = json!({
        "rung": "contacts", "reason": "retrieval", "notice": said, "language": language,
    });
    assert_eq!(degraded, &expected);
    for part in [notice[0], notice[1], "the night nurse (143)"] {
        assert!(said.contains(part), "{part}: {problem}");
    }
    assert_eq!(problem["detail"], said);
    assert_eq!(problem["contacts"][1]["number"], "0144");
    let stored = system.turn(&turn.id).await;
    assert_eq!(stored["status"], "failed");
    assert_eq!(&stored["degraded"], degraded);
    assert_eq!(stored["contacts"], problem["contacts"]);
    let (status, body) = conversation.ask(question).outcome().await;
    assert_eq!((status, &body["degraded"]), (503, degraded), "{body}");
    for body in [
        completion(system, question).await.to_string(),
        frames(system, question).await,
        terminal(system, question).await,
    ] {
        assert!(body.contains(notice[0]), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_retrieval_the_person_is_told_whom_to_call() {
    let provider = Provider::start([answer(DIALECT)]).await;
    let setup = Setup::new().await.asking_first(DIALECT, &provider);
    let line = "CHATBOT__SAFETY__URGENT_ADVICE_LINE";
    let setup = setup
        .with("CHATBOT__SAFETY__EMERGENCY__NUMBER", "0144")
        .with(&format!("{line}__LABEL"), "the night nurse")
        .with(&format!("{line}__NUMBER"), "143");
    let mut system = System::informed(setup).await;
    let id = system.conversation().await.id;
    system.rag.child.kill().unwrap();
    let conversation = Conversation::known(&system, &id);
    for case in UNANSWERED {
        assert_unanswered(&system, &conversation, case).await;
    }
    assert!(provider.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_the_person_is_told_whom_to_call() {
    let setup = Setup::new().await;
    let url = setup.database.url.clone();
    let (proxy, setup) = behind("DATABASE_URL", &url, setup).await;
    let system = System::start_with(setup).await;
    let id = system.conversation().await.id;
    proxy.set(Fault::Gone);
    for (question, language, notice) in [
        (QUESTION, "en", "The assistant cannot answer right now."),
        ("探视时间是什么时候？", "zh", "助手现在无法回答"),
    ] {
        let (status, body) = Conversation::known(&system, &id)
            .ask(question)
            .outcome()
            .await;
        assert_eq!(status, 503, "{body}");
        assert_eq!(body["degraded"]["rung"], "contacts", "{body}");
        assert_eq!(body["degraded"]["language"], language, "{body}");
        assert!(body["detail"].as_str().unwrap().contains(notice), "{body}");
        assert_eq!(body["contacts"][0]["kind"], "emergency", "{body}");
        let body = completion(&system, question).await;
        assert!(
            body["error"]["message"].as_str().unwrap().contains(notice),
            "{body}"
        );
    }
}
