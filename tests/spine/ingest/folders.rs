//! Folders.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{command, ingest, listed};
use crate::support::system::{Setup, System};
use crate::support::{unique, until};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Four documents, four that fail, and two things that are none.
fn mixed() -> TempDir {
    let folder = folder(&[
        (
            "cardiology/info.md",
            "# Heart\n\nThe heart clinic opens at eight.\n",
        ),
        (
            "renal/info.md",
            "# Kidney\n\nThe kidney clinic opens at nine.\n",
        ),
        (
            "U\u{308}berweisung/\u{85ac}\u{306e}\u{8aac}\u{660e}.md",
            "# Ward\n\nThe ward opens at ten.\n",
        ),
        ("ward 7 (new) #2.txt", "Ward 7 is new.\n"),
        ("empty.txt", ""),
        ("large.txt", &"Large. ".repeat(200)),
        ("broken.docx", "This is no package."),
        ("photo.heic", "x"),
        (".hidden/secret.md", "Hidden."),
    ]);
    fs::write(
        folder.path().join(OsStr::from_bytes(b"caf\xe9.md")),
        "Coffee.",
    )
    .unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_folder_is_lost() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__RAG__INGESTION__MAX_DOCUMENT_BYTES", "1000");
    let system = System::start_with(setup).await;
    let folder = mixed();
    let given = folder.path().to_str().unwrap();
    let run = ingest(&system, &[given, "--json"]).await;
    let ids = [
        "cardiology/info.md",
        "renal/info.md",
        "ward 7 (new) #2.txt",
        "\u{dc}berweisung/\u{85ac}\u{306e}\u{8aac}\u{660e}.md",
    ];
    assert_eq!(run.code, Some(1), "{}", run.errors);
    assert_eq!(run.with("indexed"), ids);
    assert_eq!(run.with("failed").len(), 4, "{}", run.said);
    for (name, reason) in [
        ("empty.txt", "it is empty"),
        ("large.txt", "the limit is 1000"),
        ("broken.docx", "DOCX"),
        ("caf\u{fffd}.md", "not UTF-8"),
        ("photo.heic", ".heic"),
        (".hidden", "hidden"),
    ] {
        let said = run.reason(name);
        assert!(said.contains(reason), "{name}: {said}");
    }
    let text = ingest(&system, &[given]).await;
    assert_eq!(text.code, Some(1));
    for part in [
        "0 indexed, 4 unchanged, 4 failed, 2 skipped",
        "failed: empty.txt",
        "skipped: ",
    ] {
        assert!(text.said.contains(part), "{part}: {}", text.said);
    }
    // Only the broken document was read again.
    assert_eq!(system.database().count("document_versions").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_does_no_work_and_a_change_is_one_upload() {
    let system = System::start().await;
    let folder = folder(&[
        ("a/leaflet.md", "# A\n\nText a.\n"),
        ("b/leaflet.md", "# B\n\nText b.\n"),
    ]);
    let given = folder.path().to_str().unwrap();
    let first = ingest(
        &system,
        &[given, "--prefix", "ward7/", "--owner", "Ward 7", "--json"],
    )
    .await;
    assert_eq!(first.code, Some(0), "{}", first.errors);
    assert_eq!(
        first.with("indexed"),
        ["ward7/a/leaflet.md", "ward7/b/leaflet.md"]
    );
    let again = ["--prefix", "ward7/", "--owner", "Ward 7", "--json"];
    let second = ingest(&system, &[&[given], &again[..]].concat()).await;
    assert_eq!((second.code, second.with("unchanged").len()), (Some(0), 2));
    assert_eq!(second.json()["counts"]["unchanged"], 2);
    write(folder.path(), "b/leaflet.md", "# B\n\nText c.\n");
    let dry = [&[given, "--dry-run"], &again[..]].concat();
    assert_eq!(
        ingest(&system, &dry).await.with("new"),
        ["ward7/b/leaflet.md"]
    );
    assert_eq!(system.database().count("document_versions").await, 2);
    let third = ingest(&system, &[&[given], &again[..]].concat()).await;
    assert_eq!(third.with("indexed"), ["ward7/b/leaflet.md"]);
    assert_eq!(system.database().count("document_versions").await, 3);
    // Two files that would be one document.
    let both = ["a/leaflet.md", "b/leaflet.md"].map(|name| folder.path().join(name));
    let both = both.each_ref().map(|path| path.to_str().unwrap());
    let clash = ingest(&system, &[both[0], both[1], "--json"]).await;
    assert_eq!((clash.code, clash.with("failed").len()), (Some(1), 1));
    assert_eq!(clash.with("indexed"), ["leaflet.md"]);
}

/// Three documents below `x/` and one beside them; `x/b.md` has gone from the folder.
async fn to_mirror(system: &System) -> TempDir {
    let folder = folder(&[
        ("a.md", "# A\n\nText a.\n"),
        ("b.md", "# B\n\nText b.\n"),
        ("sub/c.md", "# C\n\nText c.\n"),
    ]);
    let given = folder.path().to_str().unwrap();
    let below = ingest(system, &[given, "--prefix", "x/"]).await;
    assert_eq!(below.code, Some(0));
    let sub = folder.path().join("sub");
    let beside = ingest(system, &[sub.to_str().unwrap()]).await;
    assert_eq!(beside.code, Some(0));
    assert_eq!(listed(system).await, WHOLE);
    fs::remove_file(folder.path().join("b.md")).unwrap();
    folder
}

const WHOLE: [&str; 4] = ["c.md", "x/a.md", "x/b.md", "x/sub/c.md"];
const MIRROR: [&str; 4] = ["--prefix", "x/", "--delete-missing", "--json"];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_folder_has_lost_is_deleted_when_somebody_agrees() {
    let system = System::start().await;
    let folder = to_mirror(&system).await;
    let given = folder.path().to_str().unwrap();
    let mirror = [&[given], &MIRROR[..]].concat();
    let lost = vec!["x/b.md".to_owned()];
    let unasked = ingest(&system, &mirror).await;
    assert_eq!(
        (unasked.code, unasked.with("missing")),
        (Some(1), lost.clone())
    );
    let yes = [&mirror[..], &["--yes"]].concat();
    let dry = ingest(&system, &[&yes[..], &["--dry-run"]].concat()).await;
    assert_eq!((dry.code, dry.with("missing")), (Some(0), lost.clone()));
    assert_eq!(listed(&system).await, WHOLE);
    let done = ingest(&system, &yes).await;
    assert_eq!((done.code, done.with("removed")), (Some(0), lost));
    assert_eq!(listed(&system).await, ["c.md", "x/a.md", "x/sub/c.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_when_a_folder_was_not_read_whole() {
    let system = System::start().await;
    let folder = to_mirror(&system).await;
    let broken = folder.path().join("broken.md");
    std::os::unix::fs::symlink("nowhere", &broken).unwrap();
    let yes = [&MIRROR[..], &["--yes"]].concat();
    let run = async |path: &Path| {
        let given = [path.to_str().unwrap()];
        ingest(&system, &[&given[..], &yes[..]].concat()).await
    };
    let unread = run(folder.path()).await;
    assert_eq!(unread.code, Some(1));
    let reason = unread.json()["not_removed"].as_str().unwrap().to_owned();
    assert!(reason.contains("completely"), "{reason}");
    let empty = tempfile::tempdir().unwrap();
    let nothing = run(empty.path()).await;
    assert_eq!(nothing.code, Some(1), "{}", nothing.said);
    let file = run(&folder.path().join("a.md")).await;
    assert!(file.errors.contains("needs folders"), "{}", file.errors);
    assert_eq!(listed(&system).await, WHOLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_document_stays_withdrawn_and_no_server_is_told_soon() {
    let system = System::start().await;
    let folder = folder(&[("a.md", "# A\n\nText a.\n"), ("b.md", "# B\n\nText b.\n")]);
    let given = folder.path().to_str().unwrap();
    assert_eq!(ingest(&system, &[given]).await.code, Some(0));
    let withdraw = system.rag(reqwest::Method::POST, "/v1/documents/ward/a.md/withdraw");
    assert_eq!(withdraw.send().await.unwrap().status(), 204);
    let again = ingest(&system, &[given, "--json"]).await;
    assert_eq!(again.with("skipped"), ["a.md"]);
    assert!(again.reason("a.md").contains("withdrawn"));
    let url = format!("http://127.0.0.1:{}", crate::support::ports::free_port());
    let mut command = system.setup.chatbot();
    command.args(["ingest", given, "--collection", "ward", "--url", &url]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let said = String::from_utf8(output.await.unwrap().stderr).unwrap();
    assert!(said.contains("cannot be reached"), "{said}");
}

/// The most uploads that the server takes in a minute.
const LIMIT: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_ends_cleanly_and_the_next_one_goes_on() {
    let limit = "CHATBOT__RAG__REQUESTS_PER_MINUTE";
    let setup = Setup::new().await.with(limit, LIMIT.to_string());
    let mut system = System::start_with(setup).await;
    system.key = system.setup.key(&unique("library"), &["documents"]);
    let line = |number| format!("{{\"_id\":\"{number:02}.txt\",\"text\":\"Note {number}.\"}}\n");
    let notes: String = (0..2 * LIMIT).map(line).collect();
    let folder = folder(&[("notes.jsonl", &notes)]);
    let given = folder.path().to_str().unwrap();
    let mut command = command(&system, &[given, "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the server has taken what it takes", || async {
        listed(&system).await.len() >= LIMIT
    })
    .await;
    assert!(child.try_wait().unwrap().is_none());
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["interrupted"], true);
    let taken = listed(&system).await.len();
    system.setup.set(limit, "100000");
    system.replace_rag().await;
    let rest = ingest(&system, &[given, "--json"]).await;
    assert_eq!(rest.code, Some(0), "{}", rest.errors);
    let sent = rest.with("indexed").len();
    assert_eq!(sent + rest.with("unchanged").len(), 2 * LIMIT);
    assert!(sent >= 2 * LIMIT - taken);
    let versions = system.database().count("document_versions").await;
    assert_eq!(usize::try_from(versions).unwrap(), 2 * LIMIT);
}
