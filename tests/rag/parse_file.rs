//! `chatbot documents parse` shows what would be read, without a server.

#![allow(clippy::unwrap_used, reason = "a test may fail at any line")]

use std::process::{Command, Output};

use serde_json::Value;

fn parse(name: &str, content: &[u8], options: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .args(["documents", "parse"])
        .args(options)
        .arg(&file)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_text_of_a_file_is_printed() {
    let page = b"<h1>Naproxen</h1><p>Take 250 mg.</p><p hidden>Take 900 mg.</p>";
    let shown = parse("leaflet.html", page, &[]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert_eq!(text(&shown.stdout).trim_end(), "Naproxen\n\nTake 250 mg.");
    let shown = parse("leaflet.html", page, &["--json"]);
    let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(document["text"], "Naproxen\n\nTake 250 mg.");
    assert_eq!(document["title"], "Naproxen");
    assert_eq!(document["blocks"].as_array().unwrap().len(), 2);
    assert_eq!(document["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_refused_file_is_named_with_its_reason() {
    let refused = parse("broken.pdf", b"%PDF-1.4 and no more", &["--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(answer["error"], "damaged");
    assert!(answer["message"].as_str().unwrap().contains("damaged"));
    let refused = parse("broken.pdf", b"%PDF-1.4 and no more", &[]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("broken.pdf is refused"), "{said}");
    assert!(said.contains("damaged or incomplete"), "{said}");
}

#[test]
fn a_file_of_no_known_format_is_refused() {
    let refused = parse("notes.xyz", b"text", &[]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(
        said.contains("notes.xyz has no extension of a supported format"),
        "{said}"
    );
}
