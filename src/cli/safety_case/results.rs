//! Which tests passed in a recorded run, and which controls that leaves without proof.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::case::{Case, Control, Hazard};

/// The prefix of the ids of tests that run in a browser.
const BROWSER: &str = "browser: ";

/// The outcome of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    Ignored,
    /// The run has no such test.
    Missing,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Ignored => "was ignored",
            Self::Missing => "is not there, or did not run",
        }
    }
}

/// The outcomes of a run by test id.
#[derive(Debug, Default)]
pub struct Results(BTreeMap<String, Outcome>);

/// A control that a test of this run does not prove.
pub struct Unproved<'a> {
    pub hazard: &'a Hazard,
    pub control: &'a Control,
    pub test: &'a str,
    pub outcome: Outcome,
}

impl Results {
    /// Adds what a run printed: the lines of Rust's test harness, or TAP of the browser's tests.
    pub fn add(&mut self, output: &str) {
        // With one thread, what a child process prints comes between a name and its verdict.
        let mut open = None;
        for line in output.lines().map(without_colour) {
            let line = line.as_str();
            match (harness(line).or_else(|| tap(line)), verdict(line)) {
                (Some((name, outcome)), _) => self.note(name, outcome),
                (None, Some(outcome)) => {
                    if let Some(name) = open.take() {
                        self.note(name, outcome);
                    }
                }
                (None, None) => {
                    if let Some((name, _)) = named(line) {
                        open = Some(name.to_owned());
                    }
                }
            }
        }
    }

    /// The same name in two binaries: the worse outcome counts.
    fn note(&mut self, name: String, outcome: Outcome) {
        let worse = self
            .0
            .get(&name)
            .is_some_and(|known| *known != Outcome::Passed);
        if !worse {
            self.0.insert(name, outcome);
        }
    }

    pub fn outcome(&self, test: &str) -> Outcome {
        self.0.get(test).copied().unwrap_or(Outcome::Missing)
    }

    /// The number of tests that passed.
    pub fn passed(&self) -> usize {
        let passed = |outcome: &&Outcome| **outcome == Outcome::Passed;
        self.0.values().filter(passed).count()
    }

    /// Whether a test of the run failed. Cargo then starts no further binary.
    pub fn has_failures(&self) -> bool {
        self.0.values().any(|outcome| *outcome == Outcome::Failed)
    }

    /// The tests of controls that did not pass.
    pub fn unproved<'a>(&self, case: &'a Case) -> Vec<Unproved<'a>> {
        let mut all = Vec::new();
        for hazard in &case.hazards {
            for control in &hazard.text.controls {
                for test in &control.tests {
                    let outcome = self.outcome(test);
                    if outcome != Outcome::Passed {
                        all.push(Unproved {
                            hazard,
                            control,
                            test,
                            outcome,
                        });
                    }
                }
            }
        }
        all
    }
}

/// The line without the colours of a terminal.
fn without_colour(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let coloured = parts.map(|part| part.split_once('m').map_or("", |(_, text)| text));
    first + &coloured.collect::<String>()
}

/// `test NAME ... ok`, also behind something that a child process printed on the same line.
fn harness(line: &str) -> Option<(String, Outcome)> {
    let (name, rest) = named(line)?;
    Some((name.to_owned(), verdict(rest)?))
}

/// The name in `test NAME ... REST`, and the rest.
fn named(line: &str) -> Option<(&str, &str)> {
    let (head, rest) = line.rsplit_once(" ... ")?;
    let name = match head.strip_prefix("test ") {
        Some(name) => name,
        None => head.split_once("test ")?.1,
    };
    let name = name.split(" - should panic").next().unwrap_or(name);
    Some((name.trim(), rest))
}

fn verdict(text: &str) -> Option<Outcome> {
    match text {
        "ok" => Some(Outcome::Passed),
        "FAILED" => Some(Outcome::Failed),
        ignored if ignored.starts_with("ignored") => Some(Outcome::Ignored),
        _ => None,
    }
}

/// `ok 3 - name` and `not ok 3 - name`, as Node's reporter writes them.
fn tap(line: &str) -> Option<(String, Outcome)> {
    let (rest, outcome) = match line.strip_prefix("not ok ") {
        Some(rest) => (rest, Outcome::Failed),
        None => (line.strip_prefix("ok ")?, Outcome::Passed),
    };
    let (number, name) = rest.split_once(" - ")?;
    number.parse::<u32>().ok()?;
    let (name, outcome) = match name.split_once(" # ") {
        Some((name, _)) => (name, Outcome::Ignored),
        None => (name, outcome),
    };
    let name = name.replace("\\#", "#").replace("\\\\", "\\");
    Some((format!("{BROWSER}{name}"), outcome))
}

/// Names each hazard whose control has no proof, and says what to do.
pub fn report(unproved: &[Unproved<'_>]) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let mut last = None;
    for one in unproved {
        let (id, control) = (one.hazard.text.id.as_str(), one.control.control.as_str());
        if last != Some((id, control)) {
            let title = &one.hazard.text.title;
            writeln!(
                text,
                "hazard {id} ({title}) has a control without a passing test"
            )?;
            writeln!(text, "  control: {control}")?;
            last = Some((id, control));
        }
        writeln!(text, "  test:    {} {}", one.test, one.outcome.as_str())?;
    }
    text.push_str(
        "Repair or restore the test. If another test proves the control now, name that one in \
         docs/safety/hazards.toml. If the control is gone, remove it there and rate the residual \
         risk again.",
    );
    Ok(text)
}
