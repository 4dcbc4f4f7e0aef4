//! Uploads parsed in child processes of the real binary.

#![allow(clippy::unwrap_used, reason = "a test may fail at any line")]

use std::cell::Cell;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chatbot::rag::parse::sandbox::{Sandbox, SandboxConfig, SandboxError};
use chatbot::rag::parse::{MediaType, ParseError, ParseLimits, WorkerLimits};
use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use crate::support::system::System;
use crate::support::until;

/// As many paragraphs keep the parser busy for a second or two.
const SLOW_PARAGRAPHS: usize = 15_000;

/// A page whose style sheet asks of each paragraph what comes before it.
fn slow_page(paragraphs: usize) -> String {
    "<style>u ~ p { display: none }</style>".to_owned() + &"<p>".repeat(paragraphs)
}

fn config() -> SandboxConfig {
    SandboxConfig {
        executable: PathBuf::from(env!("CARGO_BIN_EXE_chatbot")),
        ..SandboxConfig::default()
    }
}

fn sandbox(config: SandboxConfig) -> Sandbox {
    Sandbox::new(config).unwrap()
}

/// A program that does what a broken child might.
fn script(body: &str) -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("child");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

async fn outcome_of_script(body: &str) -> SandboxError {
    let (_folder, executable) = script(body);
    let config = SandboxConfig {
        executable,
        timeout_ms: 3_000,
        ..config()
    };
    let html = vec![b'x'; 300_000];
    sandbox(config)
        .parse(MediaType::Html, html)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn documents_and_errors_cross_the_pipe() {
    let sandbox = sandbox(config());
    let html = b"<title>T</title><h1>H</h1><p>One.".to_vec();
    let doc = sandbox.parse(MediaType::Html, html).await.unwrap();
    assert_eq!(doc.text, "H\n\nOne.");
    assert_eq!(doc.title.as_deref(), Some("T"));
    let error = sandbox
        .parse(MediaType::Pdf, b"<html>".to_vec())
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        SandboxError::Document(ParseError::Mismatch { .. })
    ));
    let doc = sandbox
        .parse(MediaType::Text, b"plain".to_vec())
        .await
        .unwrap();
    assert_eq!(doc.text, "plain");
    let big = "A paragraph of some words.\n\n".repeat(100_000);
    for media in [MediaType::Text, MediaType::Markdown, MediaType::Html] {
        let doc = sandbox
            .parse(media, big.clone().into_bytes())
            .await
            .unwrap();
        assert!(doc.text.len() > 2_000_000, "{media}");
    }
}

#[tokio::test]
async fn every_format_is_parsed_in_a_child() {
    let (_folder, executable) = script("exit 1");
    let config = SandboxConfig {
        executable,
        ..config()
    };
    let sandbox = sandbox(config);
    for media in MediaType::ALL {
        let outcome = sandbox.parse(media, b"# Two words".to_vec()).await;
        assert_eq!(outcome.unwrap_err(), ParseError::Crashed.into(), "{media}");
    }
}

/// The most memory that a process had so far, in KiB.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_child_asked_directly_keeps_within_its_memory() {
    use std::io::Write;
    const MIB: u64 = 1 << 20;
    let limits = WorkerLimits {
        parse: ParseLimits::default(),
        memory_bytes: 64 * MIB,
        cpu_seconds: 30,
    };
    let text = "A line of some words.\n\n".repeat(1_000_000);
    let page = "<p>words".repeat(3_000_000);
    for (media, document) in [("text/plain", text), ("text/html", page)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatbot"))
            .args(["parse-worker", "--media-type", media])
            .args(["--limits", &serde_json::to_string(&limits).unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || drop(stdin.write_all(document.as_bytes())));
        let mut peak = 0;
        let ended = loop {
            peak = peak_of(child.id()).map_or(peak, |now| now.max(peak));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::yield_now();
        };
        writer.join().unwrap();
        assert!(!ended.success(), "{media}");
        // The memory it may allocate, the program and the stacks.
        assert!(peak < (64 + 64) * 1_024, "{media}: {peak} KiB");
    }
}

#[tokio::test]
async fn too_little_memory_is_said() {
    let config = SandboxConfig {
        memory_bytes: 96 << 20,
        ..config()
    };
    let html = "<p>words".repeat(4_000_000).into_bytes();
    let error = sandbox(config)
        .parse(MediaType::Html, html)
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::OutOfMemory.into());
}

#[tokio::test]
async fn time_is_bounded_by_processor_and_by_clock() {
    let slow = slow_page(SLOW_PARAGRAPHS * 20).into_bytes();
    let by_processor = SandboxConfig {
        cpu_seconds: 1,
        ..config()
    };
    let error = sandbox(by_processor)
        .parse(MediaType::Html, slow.clone())
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::TimedOut.into());
    let by_clock = SandboxConfig {
        timeout_ms: 300,
        ..config()
    };
    let begin = Instant::now();
    let error = sandbox(by_clock)
        .parse(MediaType::Html, slow)
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::TimedOut.into());
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_child_that_dies_harms_nobody() {
    for body in [
        "exit 1",
        "exec false",
        "kill -SEGV $$",
        "kill -ABRT $$",
        "echo '{'",
    ] {
        let crashed = ParseError::Crashed.into();
        assert_eq!(outcome_of_script(body).await, crashed, "{body}");
    }
    assert_eq!(
        outcome_of_script("echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$").await,
        ParseError::OutOfMemory.into()
    );
    assert_eq!(
        outcome_of_script("while :; do sleep 1; done").await,
        ParseError::TimedOut.into()
    );
}

#[tokio::test]
async fn an_accident_is_no_verdict() {
    for signal in ["HUP", "INT", "KILL", "TERM"] {
        let outcome = outcome_of_script(&format!("kill -{signal} $$")).await;
        assert_eq!(outcome, SandboxError::Interrupted, "{signal}");
    }
    let missing = SandboxConfig {
        executable: "/there/is/no/such/program".into(),
        ..config()
    };
    let outcome = sandbox(missing).parse(MediaType::Html, b"x".to_vec()).await;
    assert!(matches!(outcome, Err(SandboxError::NotStarted(_))));
}

/// The child of a process that leads a group of its own: what a terminal sends to the parent's does
/// not reach it.
fn leader_of(parent: u32) -> Option<i32> {
    std::fs::read_dir("/proc").unwrap().find_map(|entry| {
        let stat = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        let (id, rest) = stat.split_once(' ')?;
        let (_, rest) = rest.rsplit_once(") ")?;
        let mut fields = rest.split(' ').skip(1);
        let (its_parent, group) = (fields.next()?, fields.next()?);
        let leads = its_parent.parse() == Ok(parent) && group == id;
        leads.then_some(id.parse().ok()?)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_parser_is_interrupted_is_indexed_all_the_same() {
    use rustix::process::{Pid, Signal, kill_process};
    let system = System::start().await;
    let slow = slow_page(SLOW_PARAGRAPHS) + "<p>Visiting hours are from 2 pm to 8 pm.";
    let document = system.document("slow.html").text(slow);
    document.upload().await;
    let found = Cell::new(None);
    until("the parser runs", || {
        found.set(leader_of(system.rag.child.id()));
        std::future::ready(found.get().is_some())
    })
    .await;
    let parser = Pid::from_raw(found.get().unwrap()).unwrap();
    kill_process(parser, Signal::TERM).unwrap();
    document.until_indexed().await;
}

#[test]
fn a_child_whose_parent_is_gone_ends() {
    use std::io::Write;
    let limits = WorkerLimits {
        parse: ParseLimits::default(),
        memory_bytes: 384 << 20,
        cpu_seconds: 30,
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .args(["parse-worker", "--media-type", "text/html"])
        .args(["--limits", &serde_json::to_string(&limits).unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Half a document, and then nobody is at the other end of the pipes.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"<p>The first half").unwrap();
    drop((stdin, child.stdout.take()));
    assert!(!child.wait().unwrap().success());
}

#[tokio::test]
async fn a_child_cannot_flood_the_parent() {
    let (_folder, executable) = script("exec cat /dev/zero");
    let config = SandboxConfig {
        executable,
        limits: ParseLimits {
            max_text_bytes: 1 << 20,
            ..Default::default()
        },
        ..config()
    };
    let error = sandbox(config)
        .parse(MediaType::Html, b"x".to_vec())
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::TooLarge.into());
}

#[tokio::test]
async fn the_child_sees_no_secrets() {
    let (_folder, executable) = script("env | grep -q CARGO && exit 0; kill -TERM $$");
    let config = SandboxConfig {
        executable,
        ..config()
    };
    let error = sandbox(config)
        .parse(MediaType::Html, b"x".to_vec())
        .await
        .unwrap_err();
    assert_eq!(error, SandboxError::Interrupted);
}

#[tokio::test]
async fn children_queue_for_slots() {
    let sandbox = sandbox(config());
    let parse = || sandbox.parse(MediaType::Html, b"<p>a".to_vec());
    let (a, b, c) = tokio::join!(parse(), parse(), parse());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
}

/// Two forms that draw each other without end.
fn endless_pdf() -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let ids: [ObjectId; 2] = [document.new_object_id(), document.new_object_id()];
    let draw = |name: &str| Content {
        operations: vec![Operation::new("Do", vec![Object::Name(name.into())])],
    };
    let mut forms = Dictionary::new();
    forms.set("A", ids[0]);
    forms.set("B", ids[1]);
    let mut resources = Dictionary::new();
    resources.set("XObject", forms);
    let resources = document.add_object(resources);
    for (id, other) in [(ids[0], "B"), (ids[1], "A")] {
        let mut form = Dictionary::new();
        form.set("Type", "XObject");
        form.set("Subtype", "Form");
        form.set("Resources", resources);
        let form = Stream::new(form, draw(other).encode().unwrap());
        document.objects.insert(id, Object::Stream(form));
    }
    let content = document.add_object(Stream::new(Dictionary::new(), draw("A").encode().unwrap()));
    let root = document.new_object_id();
    let mut page = Dictionary::new();
    page.set("Type", "Page");
    page.set("Parent", root);
    page.set("Contents", content);
    page.set("Resources", resources);
    let page = document.add_object(page);
    let mut pages = Dictionary::new();
    pages.set("Type", "Pages");
    pages.set("Count", 1);
    pages.set("Kids", vec![Object::from(page)]);
    document.objects.insert(root, Object::Dictionary(pages));
    let mut catalog = Dictionary::new();
    catalog.set("Type", "Catalog");
    catalog.set("Pages", root);
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

#[tokio::test]
async fn endless_recursion_ends_the_child_only() {
    let sandbox = sandbox(config());
    let error = sandbox
        .parse(MediaType::Pdf, endless_pdf())
        .await
        .unwrap_err();
    assert!(matches!(error, SandboxError::Document(_)), "{error:?}");
    assert!(
        sandbox
            .parse(MediaType::Html, b"<p>still here".to_vec())
            .await
            .is_ok()
    );
}
