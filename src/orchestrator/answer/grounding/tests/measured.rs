//! Measures how many faithful and unfaithful paraphrases reach a reader.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Sheet {
    source: Vec<Leaflet>,
    measured: Measured,
}

#[derive(Deserialize)]
struct Leaflet {
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct Measured {
    faithful: Vec<String>,
    unfaithful: BTreeMap<String, Vec<String>>,
}

/// Returns the percentage of faithful sentences that pass, and the number of unfaithful ones.
fn measure(sheet: &str) -> (usize, usize) {
    let sheet: Sheet = Figment::from(Toml::string(sheet)).extract().unwrap();
    let leaflets: Vec<(&str, &str)> = sheet
        .source
        .iter()
        .map(|leaflet| (leaflet.title.as_str(), leaflet.text.as_str()))
        .collect();
    // One grounder serves all sentences, because cutting the passages takes longer than judging a
    // sentence.
    let grounder = RefCell::new(Grounder::new(
        Words::Written,
        "",
        &alone(sources_of(&leaflets)),
    ));
    let shown = |sentence: &str| {
        let outputs = grounder.borrow_mut().push(&format!("{sentence}\n"));
        !visible(outputs).1.is_empty()
    };
    let Measured {
        faithful,
        unfaithful,
    } = &sheet.measured;
    let mut report = String::new();
    let lost: Vec<&String> = faithful
        .iter()
        .filter(|sentence| !shown(sentence))
        .collect();
    let (kept, all) = (faithful.len() - lost.len(), faithful.len());
    let _ = writeln!(report, "{kept} of {all} faithful pass; lost: {lost:#?}");
    let mut passed = 0;
    for (kind, sentences) in unfaithful {
        let wrong: Vec<&String> = sentences
            .iter()
            .filter(|sentence| shown(sentence))
            .collect();
        passed += wrong.len();
        let (through, all) = (wrong.len(), sentences.len());
        let _ = writeln!(report, "{kind}: {through} of {all} pass: {wrong:#?}");
    }
    println!("{report}");
    (kept * 100 / all, passed)
}

#[test]
fn faithful_sentences_pass_and_unfaithful_ones_do_not() {
    let (kept, passed) = measure(include_str!("measured.toml"));
    assert!(kept >= 80 && passed == 0);
}

#[test]
fn so_do_those_that_the_rules_were_not_made_with() {
    let (kept, passed) = measure(include_str!("measured_later.toml"));
    assert!(kept >= 70 && passed == 0);
}
