//! The web page in a real Chromium, driven by the scripts beside this file.
//!
//! `CHATBOT_TEST_PICTURE=docs/page.png` has them write a picture of the page as well.

use std::process::{Command, Output};

use crate::support::demo::Demo;
use crate::support::ports::free_port;
use crate::support::service;
use crate::support::system::{Setup, System};

/// File, media type, title.
const SAMPLES: &[(&str, &str, &str)] = &[
    (
        "stroke-prevention.md",
        "text/markdown",
        "Preventing a stroke",
    ),
    (
        "visiting-hours.md",
        "text/markdown",
        "Visiting hours and visitor information",
    ),
    ("preventing-falls.md", "text/markdown", "Preventing falls"),
    (
        "asthma-inhaler.pdf",
        "application/pdf",
        "Using your asthma inhaler",
    ),
];

/// Markup in a document and in its title, which the page must show as text.
const HOSTILE: &str = "Lost property is kept at the front desk for 30 days \
    <img src=x onerror=\"document.title='owned'\"> and then given to a charity.\n";
const HOSTILE_TITLE: &str = "Lost property <img src=x onerror=\"document.title='owned'\">";

async fn upload(system: &System, name: &str, media_type: &str, title: &str, bytes: Vec<u8>) {
    let url = reqwest::Url::parse_with_params("http://query", [("title", title)]).unwrap();
    let path = format!("{name}?{}", url.query().unwrap());
    system.put(&path, media_type, bytes).await;
    assert_eq!(system.settled(name).await["version_status"], "indexed");
}

/// Withdrawn by a test, and asked about by no other one.
const AQUARIUM: &str = "The fish in the aquarium are fed every morning at nine.\n";

fn node(url: &str, documents: &str, key: &str, model_port: u16) -> Output {
    let demo = Demo::start();
    // This reporter repeats every failure at the end, where people look.
    Command::new("node")
        .args(["--test-reporter=spec", "tests/browser/run.mjs"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CHATBOT_TEST_CHROMIUM", service("CHATBOT_TEST_CHROMIUM"))
        .env(
            "CHATBOT_TEST_NODE_MODULES",
            service("CHATBOT_TEST_NODE_MODULES"),
        )
        .env("CHATBOT_TEST_URL", url)
        .env("CHATBOT_TEST_DOCUMENTS_URL", documents)
        .env("CHATBOT_TEST_KEY", key)
        .env(
            "CHATBOT_TEST_DEMO",
            format!("{}/?token={}", demo.url, demo.token),
        )
        .env("CHATBOT_TEST_MODEL_PORT", model_port.to_string())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_in_a_browser() {
    // The scripts are the language model, so that they decide when the next word comes.
    let model_port = free_port();
    let setup = Setup::new()
        .await
        .with("OPENAI_API_KEY", "not-a-secret")
        .with(
            "OPENAI_BASE_URL",
            format!("http://127.0.0.1:{model_port}/v1"),
        )
        .with("CHATBOT__SAFETY__EMERGENCY__NUMBER", "(077) 00-1")
        .with(
            "CHATBOT__SAFETY__URGENT_ADVICE_LINE__LABEL",
            "the nurses & midwives",
        )
        .with("CHATBOT__SAFETY__URGENT_ADVICE_LINE__NUMBER", "+77 1")
        .with("CHATBOT__ORCHESTRATOR__REQUESTS_PER_MINUTE", "1000")
        // Chromium and the tests beside this one share the cores; a late passage is no matter of the page.
        .with("CHATBOT__ORCHESTRATOR__RETRIEVAL_TIMEOUT_MS", "10000");
    let system = System::start_with(setup).await;
    for (name, media_type, title) in SAMPLES {
        let path = format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        upload(&system, name, media_type, title, bytes).await;
    }
    let hostile = HOSTILE.as_bytes().to_vec();
    upload(&system, "lost.txt", "text/plain", HOSTILE_TITLE, hostile).await;

    let aquarium = AQUARIUM.as_bytes().to_vec();
    upload(&system, "aquarium.txt", "text/plain", "Aquarium", aquarium).await;

    let (url, key) = (system.orchestrator.url.clone(), system.key.clone());
    let documents = system.document_url("");
    let output = tokio::task::spawn_blocking(move || node(&url, &documents, &key, model_port))
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{said}");
}
