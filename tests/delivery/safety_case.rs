//! The check that `scripts/test` ends with, as a command: a control without a passing test.

use std::path::Path;
use std::process::{Command, Output};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

#[derive(Deserialize)]
struct Log {
    hazard: Vec<Hazard>,
}

#[derive(Deserialize)]
struct Hazard {
    id: String,
    title: String,
    control: Vec<Control>,
}

#[derive(Deserialize)]
struct Control {
    control: String,
    tests: Vec<String>,
}

/// A run in which every test of every control passed, but one.
fn run_without(log: &Log, gone: &str) -> (String, String) {
    let (mut rust, mut browser) = (String::new(), String::from("TAP version 13\n"));
    let controls = log.hazard.iter().flat_map(|hazard| &hazard.control);
    for test in controls.flat_map(|control| &control.tests) {
        match test.strip_prefix("browser: ") {
            _ if test == gone => {}
            Some(name) => browser.extend(["ok 1 - ", name, "\n"]),
            None => rust.extend(["test ", test, " ... ok\n"]),
        }
    }
    (rust, browser)
}

fn check(folder: &Path, (rust, browser): &(String, String)) -> Output {
    let [rust_file, browser_file] = ["rust", "browser"].map(|name| folder.join(name));
    std::fs::write(&rust_file, rust).unwrap();
    std::fs::write(&browser_file, browser).unwrap();
    Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["safety-case", "--out"])
        .arg(folder.join("out"))
        .arg("--results")
        .arg(rust_file)
        .arg("--results")
        .arg(browser_file)
        .output()
        .unwrap()
}

#[test]
fn a_hazard_whose_control_lost_its_test_is_named() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/safety/hazards.toml");
    let log: Log = Figment::from(Toml::file_exact(path)).extract().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let whole = check(folder.path(), &run_without(&log, ""));
    assert!(whole.status.success(), "{whole:?}");
    for kind in ["safety::", "spine::", "browser: "] {
        let mut controls = log
            .hazard
            .iter()
            .flat_map(|hazard| hazard.control.iter().map(move |control| (hazard, control)));
        let (hazard, control, gone) = controls
            .find_map(|(hazard, control)| {
                let gone = control.tests.iter().find(|test| test.starts_with(kind))?;
                Some((hazard, control, gone))
            })
            .unwrap();
        let lost = check(folder.path(), &run_without(&log, gone));
        assert!(!lost.status.success(), "{gone}");
        let said = String::from_utf8(lost.stderr).unwrap();
        let named = format!("hazard {} ({})", hazard.id, hazard.title);
        for part in [&named, &control.control, gone] {
            assert!(said.contains(part.as_str()), "{part}: {said}");
        }
    }
    let html = std::fs::read_to_string(folder.path().join("out/safety-case.html")).unwrap();
    assert!(
        html.contains("did not run"),
        "the rendering shows the outcome"
    );
}
