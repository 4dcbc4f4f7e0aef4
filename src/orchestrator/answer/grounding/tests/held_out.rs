//! Measures the checker on pairs whose writers saw the passages, not the code.

use std::collections::BTreeMap;
use std::fmt::Write;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use super::super::checker::Checker;

/// Per cent of false sentences that may be cited, and of true ones that must be.
const MOST_WRONG: usize = 2;
const LEAST_RIGHT: usize = 45;

#[derive(Deserialize)]
struct Sheet {
    pair: Vec<Pair>,
}

/// A sentence, and whether the passage supports it.
#[derive(Deserialize)]
struct Pair {
    passage: String,
    #[serde(default)]
    context: Vec<String>,
    sentence: String,
    supported: bool,
    kind: String,
}

#[derive(Default)]
struct Counts {
    all: usize,
    cited: usize,
}

/// Returns the shares in per cent of false and of true sentences that are cited.
fn measure(sheet: &str) -> (usize, usize) {
    let sheet: Sheet = Figment::from(Toml::string(sheet)).extract().unwrap();
    let mut kinds: BTreeMap<(bool, String), Counts> = BTreeMap::new();
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    for pair in sheet.pair {
        // The context stands above the passage, a line each.
        let lines: Vec<String> = pair.context.into_iter().chain([pair.passage]).collect();
        let checker = Checker::new(&[(String::new(), lines.join("\n"))]);
        let verdict = checker.check(&pair.sentence);
        let counts = kinds.entry((pair.supported, pair.kind)).or_default();
        counts.all += 1;
        counts.cited += usize::from(verdict.is_ok());
        if let (true, Err(reason)) = (pair.supported, verdict) {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let mut report = String::new();
    let mut totals = [(0, 0); 2];
    for ((supported, kind), counts) in &kinds {
        let _ = writeln!(
            report,
            "{supported} {kind}: {} of {} cited",
            counts.cited, counts.all
        );
        let total = &mut totals[usize::from(*supported)];
        *total = (total.0 + counts.cited, total.1 + counts.all);
    }
    println!("{report}{totals:?}\nlost: {reasons:?}");
    let share = |(cited, all): (usize, usize)| cited * 100 / all.max(1);
    (share(totals[0]), share(totals[1]))
}

/// Fails if more per cent of the false sentences are cited, or fewer of the true ones.
pub(super) fn assert_shares(sheet: &str, most_wrong: usize, least_right: usize) {
    let (wrong, right) = measure(sheet);
    assert!(
        wrong <= most_wrong && right >= least_right,
        "{wrong} {right}"
    );
}

#[test]
fn pairs_of_others_are_judged_rightly() {
    let sheet = include_str!("../../../../../tests/answers/grounding_held_out.toml");
    assert_shares(sheet, MOST_WRONG, LEAST_RIGHT);
}

#[test]
fn so_are_pairs_in_other_languages() {
    let sheet = include_str!("../../../../../tests/answers/grounding_held_out_languages.toml");
    let (wrong, _) = measure(sheet);
    assert_eq!(
        wrong, 0,
        "of a language without rules, only words taken over are support"
    );
}
