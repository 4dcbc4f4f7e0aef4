//! How many faithful paraphrases reach a reader, and how many unfaithful ones.

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

#[test]
fn faithful_sentences_pass_and_unfaithful_ones_do_not() {
    let sheet: Sheet = Figment::from(Toml::string(include_str!("measured.toml")))
        .extract()
        .unwrap();
    let leaflets: Vec<(&str, &str)> = sheet
        .source
        .iter()
        .map(|leaflet| (leaflet.title.as_str(), leaflet.text.as_str()))
        .collect();
    let shown = |sentence: &str| !run_over(sources_of(&leaflets), &[sentence]).0.is_empty();
    let mut report = String::new();
    let lost: Vec<&String> = (sheet.measured.faithful.iter())
        .filter(|sentence| !shown(sentence))
        .collect();
    let faithful = sheet.measured.faithful.len();
    let kept = faithful - lost.len();
    let _ = writeln!(
        report,
        "{kept} of {faithful} faithful sentences pass; lost: {lost:#?}"
    );
    let mut passed = 0;
    for (kind, sentences) in &sheet.measured.unfaithful {
        let wrong: Vec<&String> = sentences
            .iter()
            .filter(|sentence| shown(sentence))
            .collect();
        passed += wrong.len();
        let (through, all) = (wrong.len(), sentences.len());
        let _ = writeln!(report, "{kind}: {through} of {all} pass: {wrong:#?}");
    }
    println!("{report}");
    assert!(kept * 100 >= faithful * 85 && passed == 0, "{report}");
}
