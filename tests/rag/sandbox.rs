//! Uploads parsed in child processes of the real binary.

#![allow(clippy::unwrap_used, reason = "a test may fail at any line")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chatbot::rag::parse::sandbox::{Sandbox, SandboxConfig};
use chatbot::rag::parse::{MediaType, ParseError};
use pdf_extract::content::{Content, Operation};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

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

async fn outcome_of_script(body: &str) -> ParseError {
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
    assert_eq!(error.code(), "mismatch");
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
    assert_eq!(error, ParseError::OutOfMemory);
}

#[tokio::test]
async fn time_is_bounded_by_processor_and_by_clock() {
    // Each element looks through all open ones.
    let slow = "<div>".repeat(400_000).into_bytes();
    let by_processor = SandboxConfig {
        cpu_seconds: 1,
        ..config()
    };
    let error = sandbox(by_processor)
        .parse(MediaType::Html, slow.clone())
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::TimedOut);
    let by_clock = SandboxConfig {
        timeout_ms: 300,
        ..config()
    };
    let begin = Instant::now();
    let error = sandbox(by_clock)
        .parse(MediaType::Html, slow)
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::TimedOut);
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
        assert_eq!(outcome_of_script(body).await, ParseError::Crashed, "{body}");
    }
    assert_eq!(
        outcome_of_script("kill -KILL $$").await,
        ParseError::OutOfMemory
    );
    assert_eq!(
        outcome_of_script("echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$").await,
        ParseError::OutOfMemory
    );
    assert_eq!(
        outcome_of_script("while :; do sleep 1; done").await,
        ParseError::TimedOut
    );
}

#[tokio::test]
async fn a_child_cannot_flood_the_parent() {
    let (_folder, executable) = script("exec cat /dev/zero");
    let config = SandboxConfig {
        executable,
        limits: chatbot::rag::parse::ParseLimits {
            max_text_bytes: 1 << 20,
            ..Default::default()
        },
        ..config()
    };
    let error = sandbox(config)
        .parse(MediaType::Html, b"x".to_vec())
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::TooLarge);
}

#[tokio::test]
async fn the_child_sees_no_secrets() {
    let (_folder, executable) = script("env | grep -q CARGO && exit 0; kill -KILL $$");
    let config = SandboxConfig {
        executable,
        ..config()
    };
    let error = sandbox(config)
        .parse(MediaType::Html, b"x".to_vec())
        .await
        .unwrap_err();
    assert_eq!(error, ParseError::OutOfMemory);
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
    assert!(
        matches!(error, ParseError::Crashed | ParseError::OutOfMemory),
        "{error:?}"
    );
    assert!(
        sandbox
            .parse(MediaType::Html, b"<p>still here".to_vec())
            .await
            .is_ok()
    );
}
