//! The README's example of the API, run as it stands there.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::system::{Setup, System};

/// The one block of commands after this heading.
fn example(heading: &str) -> &'static str {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks: Vec<&str> = section.split("```sh\n").skip(1).collect();
    assert_eq!(blocks.len(), 1, "one block that can be run");
    blocks[0].split("\n```").next().unwrap()
}

/// The output of each command, told apart by the comments between them.
fn run(system: &System, script: &str) -> Vec<String> {
    const MARK: &str = "-- next command --";
    let script: Vec<String> = script
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(_) => format!("echo; echo '{MARK}'"),
            None => line.to_owned(),
        })
        .collect();
    let program = Path::new(env!("CARGO_BIN_EXE_chatbot")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    // The environment of this system, as the README's reader has exported it.
    let configured = system.setup.chatbot();
    let mut shell = Command::new("sh");
    for (name, value) in configured.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell
        .args(["-euc", &script.join("\n")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path)
        .env("CHAT", &system.orchestrator.url)
        .env("RAG", &system.rag.url)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    said.split(MARK).skip(1).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_api_example_ends_in_answers() {
    let setup = Setup::new().await;
    let system = System::start_with(setup.with("CHATBOT__RAG__GOVERNANCE__APPROVAL", "true")).await;
    let script = example("The API in short");
    let said = tokio::task::block_in_place(|| run(&system, script));
    let [upload, approval, stream, completion, terminal] = said.as_slice() else {
        panic!("five parts: {said:?}");
    };
    assert!(upload.contains("\"outcome\":\"received\""), "{upload}");
    assert!(approval.contains("\"answers\":true"), "{approval}");
    let done = stream
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("data: "));
    let done: Value = serde_json::from_str(done.unwrap()).unwrap();
    assert_eq!(done["status"], "completed", "{stream}");
    assert_ne!(done["citations"].as_array().unwrap().len(), 0);
    let completion: Value = serde_json::from_str(completion).unwrap();
    assert_eq!(
        completion["choices"][0]["message"]["content"],
        done["answer"]
    );
    assert!(terminal.contains("[1] “"), "{terminal}");
}
