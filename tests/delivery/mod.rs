//! The contract with a cluster: secrets as files, and migrations around upgrades and rollbacks.

mod alerts;
mod messages;
mod readme;
mod restore;
mod safety_case;

use std::process::{Command, Output};

use crate::support::TestDatabase;

/// The program with nothing of this process's environment.
fn chatbot(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatbot"));
    command.args(arguments).env_clear();
    command.envs(environment.iter().copied());
    command
}

async fn migrate(arguments: &'static [&'static str], url: String) -> (Output, String) {
    let run = move || {
        chatbot(arguments, &[("DATABASE_URL", &url)])
            .output()
            .unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, text)
}

const FORGET: &str = "UPDATE __diesel_schema_migrations SET version = 'hidden' || version";
const REMEMBER: &str =
    "UPDATE __diesel_schema_migrations SET version = replace(version, 'hidden', '')";

#[test]
fn secrets_are_read_from_files_and_an_empty_file_is_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, value: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, value).unwrap();
        path.display().to_string()
    };
    let token = file("token", "shared\n");
    let (empty, absent) = (file("empty", "\n"), folder.path().join("absent"));
    let shown = chatbot(
        &["config", "show"],
        &[
            ("INTERNAL_TOKEN_FILE", &token),
            ("GEMINI_API_KEY_FILE", &empty),
        ],
    )
    .output()
    .unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["auth"]["internal_token"], "***");
    assert!(shown["llm"]["gemini"]["api_key"].is_null());

    let absent = absent.display().to_string();
    let refused = chatbot(&["config", "check"], &[("DATABASE_URL_FILE", &absent)])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("DATABASE_URL_FILE names"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_release_leaves_newer_migrations_alone() {
    let test = TestDatabase::new().await;
    test.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')")
        .await;
    let (output, said) = migrate(&["migrate"], test.url.clone()).await;
    assert!(output.status.success());
    assert!(said.contains("up to date"), "{said}");
    let (output, _) = migrate(&["migrate", "--status"], test.url.clone()).await;
    assert!(output.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pod_waits_for_its_migrations() {
    let test = TestDatabase::new().await;
    test.execute(FORGET).await;
    let (output, said) = migrate(&["migrate", "--status", "--wait", "0"], test.url.clone()).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("pending  "), "{said}");

    let waiting = migrate(&["migrate", "--status", "--wait", "60"], test.url.clone());
    // The other process, of which only the record matters here.
    let ((output, said), ()) = futures::join!(waiting, test.execute(REMEMBER));
    assert!(output.status.success(), "{said}");
}

/// The lines of the handbook's blocks in one language, continued lines joined.
fn handbook(language: &str) -> Vec<String> {
    let text = include_str!("../../docs/operations.md").replace("\\\n", " ");
    let fence = format!("```{language}\n");
    let blocks = text
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn the_handbooks_subcommands_exist() {
    let mut known = 0;
    for line in handbook("sh") {
        let called = ["-- chatbot ", "exec orchestrator chatbot ", "8000 chatbot "]
            .iter()
            .find_map(|before| line.split_once(before));
        let Some((_, arguments)) = called else {
            continue;
        };
        let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
        arguments.push("--help");
        let output = chatbot(&arguments, &[]).output().unwrap();
        assert!(output.status.success(), "{line}");
        known += 1;
    }
    assert!(known >= 8, "only {known} commands were found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handbooks_queries_run() {
    let test = TestDatabase::new().await;
    let queries = handbook("sql");
    assert!(!queries.is_empty());
    for query in queries {
        test.execute(&query).await;
    }
}
