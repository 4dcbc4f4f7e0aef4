//! The same decisions on the command line.

use super::Governed;
use crate::support::leaflet::{NAME, QUESTION, TEXT};

/// The output of `chatbot documents …` with this key.
fn run(governed: &Governed, key: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = governed.system.setup.chatbot();
    command.arg("documents").args(arguments);
    command.args(["--url", &governed.system.rag.url]);
    let output = command.env("CHATBOT_API_KEY", key).output().unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

/// Uploads the leaflet with `chatbot ingest`.
fn ingest(governed: &Governed) {
    let system = &governed.system;
    let path = std::env::temp_dir().join(crate::support::unique("governance"));
    std::fs::create_dir(&path).unwrap();
    let file = path.join(NAME);
    std::fs::write(&file, TEXT).unwrap();
    let output = system
        .setup
        .chatbot()
        .arg("ingest")
        .arg(&file)
        .args(["--collection", "patients", "--owner", "Ward 7"])
        .args([
            "--review-by",
            "2026-01-01T00:00:00Z",
            "--url",
            &system.rag.url,
        ])
        .env("CHATBOT_API_KEY", &system.key)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 wait for approval"), "{said}");
    let _ = std::fs::remove_dir_all(path);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_works_on_the_command_line() {
    let governed = Governed::start().await;
    let system = &governed.system;
    ingest(&governed);
    let bert = &governed.approver;
    let drafts = run(&governed, bert, &["list", "--status", "draft"]).unwrap();
    let listed = "patients/visiting.md  version=1 draft  owner=Ward 7  ";
    assert!(drafts.starts_with(listed), "{drafts}");
    let document = format!("patients/{NAME}");
    let version = run(&governed, bert, &["show", &document, "--version", "1"]).unwrap();
    assert!(version.contains("Children may visit"), "{version}");
    let refused = run(&governed, &system.key, &["approve", &document, "1"]).unwrap_err();
    assert!(refused.contains("another person"), "{refused}");
    let approved = run(&governed, bert, &["approve", &document, "1"]).unwrap();
    assert!(approved.contains("version=1 indexed"), "{approved}");
    system.ask(QUESTION).ends("completed").await;
    let review = run(&governed, bert, &["review", "--days", "0"]).unwrap();
    assert!(
        review.starts_with("2026-01-01T00:00:00Z  patients/visiting.md"),
        "{review}"
    );
    let impact = run(&governed, bert, &["impact", &document, "--version", "1"]).unwrap();
    assert!(impact.contains("message_id"), "{impact}");
    let reason = ["--reason", "The hours are wrong."];
    let stopped = [&["quarantine", &document, "1"], &reason[..]].concat();
    let stopped = run(&governed, bert, &stopped).unwrap();
    assert!(stopped.contains("version=1 quarantined"), "{stopped}");
    let released = run(&governed, bert, &["release", &document, "1"]).unwrap();
    assert!(released.contains("version=1 "), "{released}");
    system.document(NAME).settled().await;
    run(&governed, bert, &["approve", &document, "1"]).unwrap();
    let revoked = run(&governed, bert, &["revoke", &document, "1"]).unwrap();
    assert!(revoked.contains("version=1 draft"), "{revoked}");
}
