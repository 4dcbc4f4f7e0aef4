//! The web page in a real Chromium, driven by the scripts beside this file.
//!
//! `CHATBOT_TEST_PICTURE=docs/page.png` has them write a picture of the page as well.

use std::process::{Command, Output};

use crate::support::demo::Demo;
use crate::support::ports::free_port;
use crate::support::service;
use crate::support::system::{Setup, System};

/// File, title.
const SAMPLES: &[(&str, &str)] = &[
    ("stroke-prevention.md", "Preventing a stroke"),
    (
        "visiting-hours.md",
        "Visiting hours and visitor information",
    ),
    ("preventing-falls.md", "Preventing falls"),
    ("asthma-inhaler.pdf", "Using your asthma inhaler"),
];

/// Markup in a document and in its title, which the page must show as text.
const HOSTILE: &str = "Lost property is kept at the front desk for 30 days \
    <img src=x onerror=\"document.title='owned'\"> and then given to a charity.\n";
const HOSTILE_TITLE: &str = "Lost property <img src=x onerror=\"document.title='owned'\">";

async fn upload(system: &System, name: &str, title: &str, bytes: impl Into<Vec<u8>>) {
    let url = reqwest::Url::parse_with_params("http://query", [("title", title)]).unwrap();
    let document = system.document(name).query(url.query().unwrap());
    document.bytes(bytes).indexed().await;
}

/// Withdrawn by a test, and asked about by no other one.
const AQUARIUM: &str = "The fish in the aquarium are fed every morning at nine.\n";

fn node(url: &str, documents: &str, key: &str, model_port: u16) -> Output {
    let demo = Demo::start();
    // This reporter repeats every failure at the end, where people look.
    let mut reporters = vec!["--test-reporter=spec", "--test-reporter-destination=stdout"];
    // The check of the safety case reads the outcome of each test from this file.
    let results = std::env::var("CHATBOT_TEST_BROWSER_RESULTS").ok();
    let results = results.map(|file| format!("--test-reporter-destination={file}"));
    if let Some(file) = &results {
        reporters.extend(["--test-reporter=tap", file.as_str()]);
    }
    Command::new("node")
        .args(reporters)
        .arg("tests/browser/run.mjs")
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
    for (name, title) in SAMPLES {
        let path = format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        upload(&system, name, title, bytes).await;
    }
    upload(&system, "lost.txt", HOSTILE_TITLE, HOSTILE).await;
    upload(&system, "aquarium.txt", "Aquarium", AQUARIUM).await;

    let (url, key) = (system.orchestrator.url.clone(), system.key.clone());
    let documents = format!("{}/v1/documents/patients/", system.rag.url);
    let output = tokio::task::spawn_blocking(move || node(&url, &documents, &key, model_port))
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{said}");
}
