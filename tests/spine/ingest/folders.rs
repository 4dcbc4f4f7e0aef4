//! Folders.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tempfile::TempDir;

use super::{ingest, listed};
use crate::support::system::{Setup, System};

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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_folder_is_lost() {
    let setup = Setup::new()
        .await
        .with("CHATBOT__RAG__INGESTION__MAX_DOCUMENT_BYTES", "1000");
    let system = System::start_with(setup).await;
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
    let path = folder.path();
    fs::write(path.join(OsStr::from_bytes(b"caf\xe9.md")), "Coffee.").unwrap();
    let given = path.to_str().unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_mirrored_only_when_it_was_read_whole() {
    let system = System::start().await;
    let folder = folder(&[
        ("a.md", "# A\n\nText a.\n"),
        ("b.md", "# B\n\nText b.\n"),
        ("sub/c.md", "# C\n\nText c.\n"),
    ]);
    let given = folder.path().to_str().unwrap();
    assert_eq!(
        ingest(&system, &[given, "--prefix", "x/"]).await.code,
        Some(0)
    );
    let other = folder.path().join("sub");
    assert_eq!(
        ingest(&system, &[other.to_str().unwrap()]).await.code,
        Some(0)
    );
    let whole = ["c.md", "x/a.md", "x/b.md", "x/sub/c.md"];
    assert_eq!(listed(&system).await, whole);
    fs::remove_file(folder.path().join("b.md")).unwrap();
    let mirror = [given, "--prefix", "x/", "--delete-missing", "--json"];
    // Nobody agreed, a file could not be read, nothing was there, or it was a rehearsal.
    let unasked = ingest(&system, &mirror).await;
    assert_eq!(
        (unasked.code, unasked.with("missing")),
        (Some(1), vec!["x/b.md".to_owned()])
    );
    let yes = [&mirror[..], &["--yes"]].concat();
    let broken = folder.path().join("broken.md");
    std::os::unix::fs::symlink("nowhere", &broken).unwrap();
    let unread = ingest(&system, &yes).await;
    assert_eq!(unread.code, Some(1));
    assert!(
        unread.json()["not_removed"]
            .as_str()
            .unwrap()
            .contains("completely")
    );
    fs::remove_file(&broken).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let none = empty.path().to_str().unwrap();
    let nothing = ingest(
        &system,
        &[none, "--prefix", "x/", "--delete-missing", "--yes"],
    )
    .await;
    assert_eq!(nothing.code, Some(1), "{}", nothing.said);
    let dry = ingest(&system, &[&yes[..], &["--dry-run"]].concat()).await;
    assert_eq!(dry.with("missing"), ["x/b.md"]);
    assert_eq!(listed(&system).await, whole);
    let done = ingest(&system, &yes).await;
    assert_eq!(
        (done.code, done.with("removed")),
        (Some(0), vec!["x/b.md".to_owned()])
    );
    assert_eq!(listed(&system).await, ["c.md", "x/a.md", "x/sub/c.md"]);
    // A file says nothing about others.
    let file = folder.path().join("a.md");
    let refused = ingest(
        &system,
        &[file.to_str().unwrap(), "--delete-missing", "--yes"],
    )
    .await;
    assert!(
        refused.errors.contains("needs folders"),
        "{}",
        refused.errors
    );
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
