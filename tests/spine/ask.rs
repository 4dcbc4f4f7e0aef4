//! `chatbot ask`: what people see on the terminal.

use std::process::{Command, Output, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use super::recall::open;
use crate::support::leaflet::QUESTION;
use crate::support::provider::{Dialect, Provider, Script};
use crate::support::proxy::Proxy;
use crate::support::system::authority;

fn ask(url: &str, question: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatbot"));
    command.args(["ask", "--url", url, question]);
    command
}

async fn said(command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::process::Command::from(command)
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_connection_breaks_is_read_on() {
    let dialect = Dialect::OpenAi;
    let provider = Provider::choosing(move |_| {
        Script::begin(dialect, &["Visiting hours are from 2 pm to 8 pm [1].\n"])
            .wait()
            .send(dialect.delta("Visiting hours are from 2 pm to 8 pm every day [1].\n"))
            .send(dialect.ending(dialect.stop()))
    })
    .await;
    let system = open(&provider).await;
    let proxy = Proxy::to(&authority(&system.orchestrator.url)).await;
    let mut command = ask(&format!("http://{}", proxy.address), QUESTION);
    command
        .args(["--api-key", &system.key])
        .stdout(Stdio::piped());
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut shown = String::new();
    stdout.read_line(&mut shown).await.unwrap();
    assert!(shown.starts_with("Visiting hours"), "{shown}");
    proxy.reset();
    provider.release();
    stdout.read_to_string(&mut shown).await.unwrap();
    assert!(child.wait().await.unwrap().success(), "{shown}");
    for text in ["8 pm [1].\nVisiting hours are", "every day [1].\n\n[1] “"] {
        assert_eq!(shown.matches(text).count(), 1, "{shown}");
    }
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn an_emergency_gets_its_advice_though_the_server_cannot_be_reached() {
    let nowhere = "http://127.0.0.1:1";
    let (code, shown, error) = said(ask(nowhere, "I have crushing chest pain")).await;
    assert_eq!(code, Some(1));
    assert!(shown.contains("emergency"), "{shown}");
    assert!(error.contains("cannot be reached"), "{error}");
    let (code, shown, error) = said(ask(nowhere, QUESTION)).await;
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    assert!(error.contains("In an emergency, call your"), "{error}");
}
