//! A real model behind the wire: what it says is poor, how it says it is not.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::leaflet::QUESTION;
use crate::support::ports::free_port;
use crate::support::provider::Dialect;
use crate::support::service;
use crate::support::system::{Setup, System};

/// The server, ready; it ends with the test. The model repeats its passage for ever, so its answer
/// ends with its first sentence or tag.
async fn server() -> (Child, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/llm_server.py");
    let mut child = Command::new(service("CHATBOT_TEST_LLM_PYTHON"))
        .arg(script)
        .args(["--model", &service("CHATBOT_TEST_LLM_MODEL")])
        .args(["--port", &free_port().to_string()])
        .args([".", ">", "]", ":"].map(|stop| format!("--stop={stop}")))
        .arg("--until-eof")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("the server starts");
        if let Some(url) = line.strip_prefix("ready ") {
            return (child, url.to_owned());
        }
    }
}

/// Patient, for a busy machine; greedy, so that every run says the same.
async fn patient() -> Setup {
    let mut setup = Setup::new()
        .await
        .with("CHATBOT__LLM__TEMPERATURE", "0.0")
        .with("CHATBOT__LLM__MAX_OUTPUT_TOKENS", "256");
    for deadline in ["FIRST_TOKEN", "ANSWER_START", "IDLE"] {
        setup = setup.with(&format!("CHATBOT__LLM__DEADLINES__{deadline}_MS"), "60000");
    }
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_model_streams_and_its_death_is_no_answer() {
    let (mut server, url) = server().await;
    let setup = patient().await.asking_at(Dialect::OpenAi, &url);
    let system = System::informed(setup).await;

    let mut turn = system.ask(QUESTION).turn().await;
    let done = turn.ends("completed").await;
    assert_eq!(done["answer"], turn.text.as_str());
    // So small a model may say nothing that a passage supports: then the passages speak.
    let origin = (&done["provider"], &done["model"], &done["rung"]);
    let by_model = (&json!("openai"), &json!("a-model"), &json!("llm"));
    assert!(origin == by_model || done["rung"] == "extractive", "{done}");
    assert_eq!(done["grounded"], true);
    let number = |group: &str, name: &str| done[group][name].as_u64().unwrap();
    assert!(number("usage", "input_tokens") > 0 && number("usage", "output_tokens") > 5);
    // It came over time, not at once.
    assert!(number("timings", "first_token_ms") < number("timings", "total_ms"));
    assert_eq!(system.turn(&turn.id).await, done);

    let mut turn = system
        .ask("When are visiting hours every day?")
        .turn()
        .await;
    turn.until_event("sources").await;
    // SIGKILL, while the model answers.
    server.kill().await.unwrap();
    let (name, problem) = turn.end().await;
    assert_eq!(name, "error", "{problem}");
    let failed = system.turn(&turn.id).await;
    assert_eq!(
        (&failed["status"], &failed["answer"]),
        (&json!("failed"), &json!(""))
    );

    let mut turn = system.ask(QUESTION).turn().await;
    turn.fails("exhausted").await;
    assert_eq!(system.answers().await, 1);
}
