use std::path::Path;

use super::case::{Case, CaseError};
use super::figures::{self, Figure};
use super::rendered::Rendered;
use super::results::{Outcome, Results};
use super::{html, markdown, verify};

const LOG: &str = r#"
[case]
title = "A <case>"
standard = "DCB0129"
scope = "everything"
owner = "somebody"
status = "Nobody has signed it."
clinician_only = ["The residual risk is acceptable."]

[[hazard]]
id = "H01"
title = "Missed emergency"
hazard = "Nobody | notices."
causes = ["unusual words"]
harm = "Help comes late."
initial = { severity = "catastrophic", likelihood = "high" }
residual = { severity = "catastrophic", likelihood = "very low" }
remains = "Some words are missed."
owner = "safety"
status = "controlled"
clinician = "That the advice is right."

[[hazard.control]]
control = "Rules recognise it."
tests = ["safety::found", "browser: an emergency is red"]

[[hazard.control]]
control = "It needs no network."
tests = ["spine::away"]
"#;

/// The output of a run of the tests, with noise of child processes.
const RUN: &str = "\nrunning 3 tests\ntest safety::found ... ok\nready at 127.0.0.1test spine::away ... ok\n\
    test slow::one ... ignored, takes long\ntest a::panic - should panic ... ok\n\ntest result: ok. 2 passed\n\
    test red ... \u{1b}[31mFAILED\u{1b}[m\n\
    test alone::one ... a log line\nok\ntest alone::two ... a log line\nanother\nFAILED\ntest alone::three ... cut off\n\
    TAP version 13\nok 1 - an emergency is red\nok 2 - skipped # SKIP\nnot ok 3 - a \\# sign\n";

fn log(text: &str) -> Result<Case, CaseError> {
    Case::parse(text, "hazards.toml")
}

fn refused(from: &str, to: &str) -> String {
    assert!(LOG.contains(from), "{from}");
    log(&LOG.replacen(from, to, 1)).unwrap_err().to_string()
}

fn results(run: &str) -> Results {
    let mut results = Results::default();
    results.add(run);
    results
}

/// The run without its failures.
fn clean() -> String {
    RUN.replace("not ok 3", "ok 3").replace("FAILED", "ok")
}

#[test]
fn a_log_that_cannot_be_used_names_the_hazard_and_the_reason() {
    assert!(log(LOG).is_ok());
    for (from, to, expected) in [
        (
            "\"catastrophic\"",
            "\"awful\"",
            "hazard H01: \"awful\" is no severity",
        ),
        (
            "\"high\"",
            "\"often\"",
            "hazard H01: \"often\" is no likelihood",
        ),
        (
            "tests = [\"spine::away\"]",
            "",
            "\"It needs no network.\" names no test",
        ),
        (
            "causes = [\"unusual words\"]",
            "causes = []",
            "\"causes\" is empty",
        ),
        ("\"very low\"", "\"very high\"", "stays \"open\""),
        ("\"controlled\"", "\"accepted\"", "accepted_by"),
        ("\"controlled\"", "\"fine\"", "hazards.toml: "),
        ("owner = \"safety\"", "owned = \"safety\"", "hazards.toml: "),
    ] {
        let reason = refused(from, to);
        assert!(reason.contains(expected), "{reason}");
    }
    let severe = "severity = \"catastrophic\", likelihood = \"high\"";
    let grows = refused(severe, "severity = \"minor\", likelihood = \"low\"");
    assert!(grows.contains("above the initial rating 1"), "{grows}");
    let hazard = &LOG[LOG.find("[[hazard]]").unwrap()..];
    let twice = log(&format!("{LOG}{hazard}")).unwrap_err();
    assert!(matches!(twice, CaseError::Duplicate { kind: "hazard", .. }));
    let uncontrolled = &LOG[..LOG.find("[[hazard.control]]").unwrap()];
    assert!(matches!(
        log(uncontrolled),
        Err(CaseError::NoControl { .. })
    ));
}

#[test]
fn the_outcomes_of_a_run_are_read() {
    let results = results(RUN);
    for (test, outcome) in [
        ("safety::found", Outcome::Passed),
        ("spine::away", Outcome::Passed),
        ("a::panic", Outcome::Passed),
        ("slow::one", Outcome::Ignored),
        ("alone::one", Outcome::Passed),
        ("red", Outcome::Failed),
        ("alone::two", Outcome::Failed),
        ("alone::three", Outcome::Missing),
        ("browser: an emergency is red", Outcome::Passed),
        ("browser: skipped", Outcome::Ignored),
        ("browser: a # sign", Outcome::Failed),
        ("result: ok. 2 passed", Outcome::Missing),
    ] {
        assert_eq!(results.outcome(test), outcome, "{test}");
    }
    let twice = "test same ... FAILED\ntest same ... ok\n";
    let twice = [twice, "test same ... ok\ntest same ... FAILED\n"].map(self::results);
    assert!(
        twice
            .iter()
            .all(|run| run.outcome("same") == Outcome::Failed)
    );
}

#[test]
fn a_control_without_a_passing_test_is_named_with_its_hazard() {
    let case = log(LOG).unwrap();
    assert!(verify(&case, &results(&clean())).is_ok());
    for (gone, control) in [
        ("test safety::found ... ok\n", "Rules recognise it."),
        ("test spine::away ... ok\n", "It needs no network."),
        ("ok 1 - an emergency is red\n", "Rules recognise it."),
    ] {
        let run = clean().replace(gone, "\n");
        let said = verify(&case, &results(&run)).unwrap_err().to_string();
        let test = gone
            .trim_start_matches("test ")
            .trim_start_matches("ok 1 - ");
        let test = test.split(" ... ").next().unwrap().trim();
        for part in [
            "hazard H01 (Missed emergency)",
            control,
            test,
            "did not run",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[test]
fn a_failed_test_is_named_without_those_that_it_kept_from_running() {
    let case = log(LOG).unwrap();
    let said = |run| verify(&case, &results(run)).unwrap_err().to_string();
    let own = said("test safety::found ... FAILED\n");
    assert!(own.contains("safety::found failed"), "{own}");
    assert!(!own.contains("spine::away"), "{own}");
    let other = said("test another ... FAILED\n");
    assert!(other.contains("3 tests of controls did not run"), "{other}");
}

fn figure() -> Figure {
    Figure {
        id: "recall".into(),
        name: "Emergencies that are recognised".into(),
        set: "held out".into(),
        value: 9.0,
        unit: "messages".into(),
        denominator: Some(10),
        date: "2026-11-27".into(),
        command: "cargo test | tail".into(),
        hazards: vec!["H01".into()],
    }
}

#[test]
fn a_figure_says_how_much_it_proves() {
    let case = log(LOG).unwrap();
    assert!(figures::check(&[figure()], &case).is_ok());
    assert_eq!(figure().shown(), "9 of 10 messages (90.0 %)");
    // The values that Wilson's formula gives in Agresti and Coull (1998).
    assert_eq!(figure().interval_shown(), "59.6 to 98.2 %");
    let change: [fn(&mut Figure); 5] = [
        |figure| figure.date = "yesterday".into(),
        |figure| figure.value = 11.0,
        |figure| figure.value = -1.0,
        |figure| figure.hazards.clear(),
        |figure| figure.hazards.push("H99".into()),
    ];
    for change in change {
        let mut wrong = figure();
        change(&mut wrong);
        let refused = figures::check(&[wrong], &case);
        assert!(matches!(refused, Err(CaseError::Figure { .. })));
    }
    let twice = figures::check(&[figure(), figure()], &case);
    assert!(matches!(
        twice,
        Err(CaseError::Duplicate { kind: "figure", .. })
    ));
}

#[test]
fn both_renderings_hold_everything_and_markup_stays_text() {
    let case = log(LOG).unwrap();
    let results = results(&clean());
    let rendered = Rendered {
        case: &case,
        figures: &[figure()],
        results: Some(&results),
    };
    let (md, html) = (
        markdown::render(&rendered).unwrap(),
        html::render(&rendered).unwrap(),
    );
    for text in [&md, &html] {
        for part in [
            "H01",
            "Missed emergency",
            "safety::found",
            "passed",
            "Rules recognise it.",
            "The residual risk is acceptable.",
            "That the advice is right.",
            "9 of 10 messages (90.0 %)",
            "59.6 to 98.2 %",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    assert!(html.contains("<h1>A &lt;case&gt;</h1>"));
    assert!(html.contains("<td class=\"r5\"><b>5</b> <a href=\"#H01\">H01</a></td>"));
    assert!(!html.contains("src=") && !html.contains("http"));
    assert!(md.contains("cargo test \\| tail"));
}

#[test]
fn the_hazard_log_of_the_repository_is_valid_and_renders() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/safety");
    let case = Case::read(&folder.join("hazards.toml")).unwrap();
    let figures = figures::read(&folder.join("figures"), &case).unwrap();
    assert!(case.hazards.len() >= 25);
    let rendered = Rendered {
        case: &case,
        figures: &figures,
        results: None,
    };
    assert!(html::render(&rendered).is_ok() && markdown::render(&rendered).is_ok());
}
