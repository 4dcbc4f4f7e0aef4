//! Documents with names of any script, and with paths for names.

use std::fmt::Write as _;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::conversation::body;
use crate::support::system::{System, authority};

/// A name as one segment of a URL.
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut url, byte| {
        write!(url, "%{byte:02X}").unwrap();
        url
    })
}

/// Names, each with a word that only its document contains.
const NAMES: [(&str, &str); 7] = [
    ("薬の説明.md", "calderon"),
    ("Überweisung.md", "brimstone"),
    ("दवा की जानकारी.md", "tamarack"),
    ("دليل المريض.md", "juniper"),
    ("cardiology/info.md", "persimmon"),
    ("renal/info.md", "sassafras"),
    ("ward/versions/1/approve", "bayberry"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_document_has_a_name_of_any_script_wherever_it_is_named() {
    let system = System::start().await;
    for (name, word) in NAMES {
        let text = format!("The {word} garden opens at seven.\n");
        let document = system.document(&encoded(name)).of("ward").text(text);
        let document = document.media_type("text/markdown");
        let answer = document.put().send().await.unwrap();
        assert_eq!(answer.status(), 202, "{name}");
        let stored: Value = answer.json().await.unwrap();
        assert_eq!(stored["document"]["external_id"], name);
        assert_eq!(stored["status_url"], document.path());
        let view = document.until_indexed().await;
        assert_eq!(view["external_id"], name);
        let found = system
            .search(&format!("When does the {word} garden open?"))
            .await;
        let found = found["results"].as_array().unwrap();
        assert!(found.iter().any(|passage| passage["external_id"] == name));
        let version = format!("{}/versions/1", document.path());
        let version = body(system.rag(Method::GET, &version), StatusCode::OK).await;
        assert!(version["text"].as_str().unwrap().contains(word));
    }
    // Every page of the listing, one document each.
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("/v1/documents?collection=ward&limit=1{cursor}");
        let page = body(system.rag(Method::GET, &page), StatusCode::OK).await;
        listed.push(
            page["documents"][0]["external_id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, NAMES.map(|(name, _)| name));
    for (name, _) in NAMES {
        let document = system.document(&encoded(name)).of("ward");
        document.withdraw().await;
        assert_eq!(document.view().await["status"], "withdrawn");
        document.delete().await;
        let gone = system.rag(Method::GET, &document.path()).send().await;
        assert_eq!(gone.unwrap().status(), 404, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_document_however_it_is_written() {
    let system = System::start().await;
    for (first, other) in [
        // Composed and decomposed.
        (
            encoded("Überweisung.txt"),
            encoded("U\u{308}berweisung.txt"),
        ),
        (encoded("がん.txt"), encoded("か\u{3099}ん.txt")),
        (
            encoded("한국.txt"),
            encoded("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}.txt"),
        ),
        // A slash that is encoded, and one that is not.
        ("cardiology%2Finfo.txt".into(), "cardiology/info.txt".into()),
    ] {
        system.document(&first).text("One text.").upload().await;
        let again = system
            .document(&other)
            .text("One text.")
            .query("title=")
            .upload()
            .await;
        assert_eq!(again["document"]["version"], 1, "{first}");
        let deleted = system.document(&other);
        deleted.delete().await;
    }
    assert_eq!(system.database().count("documents").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_supersedes_one_of_any_name() {
    let system = System::start().await;
    let old = system.document(&encoded("Überweisung.txt")).text("Old.");
    old.indexed().await;
    let query = format!("supersedes={}", encoded("patients/U\u{308}berweisung.txt"));
    let new = system
        .document(&encoded("neu/Überweisung.txt"))
        .text("New.");
    let view = new.query(&query).indexed().await;
    assert_eq!(view["supersedes"], "patients/Überweisung.txt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_may_be_called_like_a_part_of_the_api() {
    let system = System::start().await;
    for name in ["impact", "withdraw", "a%2Fwithdraw", "a%2Fversions%2F1"] {
        let document = system.document(name).text("Text.");
        document.upload().await;
        let path = name.replace("%2F", "/");
        assert_eq!(document.view().await["external_id"], path);
    }
}

/// The answer to a PUT of exactly this path, which no client has tidied up.
async fn put_as_it_is(system: &System, path: &[u8]) -> (u16, String) {
    let mut socket = TcpStream::connect(authority(&system.rag.url))
        .await
        .unwrap();
    let mut request = b"PUT /v1/documents/patients/".to_vec();
    request.extend(path);
    let rest = format!(
        " HTTP/1.1\r\nhost: rag\r\nauthorization: Bearer {}\r\ncontent-type: text/plain\r\n\
         content-length: 5\r\nconnection: close\r\n\r\nText.",
        system.key
    );
    request.extend(rest.as_bytes());
    socket.write_all(&request).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    (status, body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_none_is_refused_with_what_is_allowed() {
    let system = System::start().await;
    let long = encoded(&"語".repeat(513));
    for path in [
        "..",
        ".",
        "%2E%2E",
        "a/../b",
        "a%2F..%2Fb",
        "a%2F%2E",
        "a//b",
        "a%2F%2Fb",
        "%2Fa",
        "a%2F",
        "a/",
        "%20a",
        "a%20",
        "%E3%80%80",
        "a%00b",
        "a%0Ab",
        "a%7F",
        "a%C2%85b",
        "a%E2%80%AEb",
        "a%FFb",
        &long,
    ] {
        let (status, told) = put_as_it_is(&system, path.as_bytes()).await;
        assert_eq!(status, 422, "{path}: {told}");
        let told: Value = serde_json::from_str(&told).unwrap();
        let detail = told["detail"].as_str().unwrap();
        for allowed in ["512 characters", "any script", "percent-encoded", "`..`"] {
            assert!(detail.contains(allowed), "{path}: {detail}");
        }
    }
    assert_eq!(system.database().count("documents").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_takes_the_same_names() {
    let system = System::start().await;
    let name = "kardiologie/Überweisung 薬.txt";
    system
        .document(&encoded(name))
        .text("Text.")
        .indexed()
        .await;
    let run = |arguments: &[&str]| {
        let mut command = system.setup.chatbot();
        command.env("CHATBOT_RAG_URL", &system.rag.url);
        command.env("CHATBOT_API_KEY", &system.key);
        let output = command.arg("documents").args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).unwrap()
    };
    let address = format!("patients/{name}");
    for arguments in [
        vec!["show", &address],
        vec!["show", &address, "--version", "1"],
        vec!["impact", &address],
    ] {
        let shown: Value = serde_json::from_str(&run(&arguments)).unwrap();
        assert!(shown.is_object(), "{shown}");
    }
    assert!(run(&["list"]).contains(&address));
    let stopped = run(&["quarantine", &address, "1", "--reason", "A mistake."]);
    assert!(stopped.contains("quarantined"), "{stopped}");
}
