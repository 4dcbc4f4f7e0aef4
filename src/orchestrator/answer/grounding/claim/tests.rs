use super::super::units::units_of;
use super::super::verdict::{Asserted, Evidence};
use super::*;
use crate::domain::evidence::Source;
use crate::domain::ids::{DocumentId, VersionId};
use crate::language::lists::Set;

/// Whether the sentence is supported by a quote.
fn supported(sentence: &str, quote: &str) -> bool {
    let claim = Claim::of(sentence);
    let asserted = Asserted::of(claim, plain(sentence), String::new(), None);
    let source = Source {
        id: 1,
        document_id: DocumentId::new(),
        version_id: VersionId::new(),
        external_id: "document".into(),
        title: String::new(),
        version: 1,
        stated: crate::domain::document::Stated::default(),
        page: None,
        start: 0,
        end: 0,
        // A line that is a sentence, not a heading.
        text: format!("{}.", quote.trim_end_matches('.')),
        score: 1.0,
    };
    let mut units = units_of(&source, Vec::new()).into_iter();
    units.any(|unit| {
        Evidence::of(&unit, "")
            .judge(&asserted, &Set::default())
            .is_ok()
    })
}

/// Answers, and what the leaflet says.
const WRONG: &[(&str, &str)] = &[
    // How much.
    ("Take one tablet daily.", "Take two tablets daily."),
    ("Take two tablets daily.", "Take one tablet daily."),
    ("Take two tablets daily.", "Take half a tablet daily."),
    ("Take one tablet daily.", "Take half a tablet daily."),
    (
        "Take one tablet daily.",
        "Take a quarter of a tablet daily.",
    ),
    ("Take 1 tablet daily.", "Take 1½ tablets daily."),
    ("Take a double dose at night.", "Take a dose at night."),
    (
        "Take three tablets in the morning.",
        "Take two tablets in the morning.",
    ),
    (
        "Take four tablets with water.",
        "Take twenty-four tablets with water.",
    ),
    (
        "Children take 2 tablets with water.",
        "Children under 2 take one tablet with water.",
    ),
    (
        "Take two capsules with water.",
        "Take two tablets with water.",
    ),
    (
        "Take one of the tablets with water.",
        "Take two of the tablets with water.",
    ),
    (
        "Take three tablets with water.",
        "Take two 500 mg tablets with water.",
    ),
    (
        "Take two 250 mg tablets with water.",
        "Take two 500 mg tablets with water.",
    ),
    // How often.
    (
        "Take the medicine twice a day.",
        "Take the medicine once a day.",
    ),
    ("Take the medicine twice a day.", "Take the medicine daily."),
    ("Take the medicine daily.", "Take the medicine twice daily."),
    ("Take the medicine once.", "Take the medicine twice."),
    ("Take the medicine daily.", "Take the medicine weekly."),
    (
        "Take the medicine once a day.",
        "Take the medicine once a week.",
    ),
    (
        "Take the medicine every day.",
        "Take the medicine every other day.",
    ),
    (
        "Take the medicine every hour.",
        "Take the medicine every eight hours.",
    ),
    // Which of two things.
    (
        "Take the tablets after food.",
        "Take the tablets before food.",
    ),
    (
        "Take the tablets in the morning.",
        "Take the tablets in the evening.",
    ),
    (
        "Put the drops into the left ear.",
        "Put the drops into the right ear.",
    ),
    (
        "Drink more water than usual.",
        "Drink less water than usual.",
    ),
    (
        "Children over 12 must stay with an adult.",
        "Children under 12 must stay with an adult.",
    ),
    (
        "Rest for at most 2 days at home.",
        "Rest for at least 2 days at home.",
    ),
    (
        "The doctor will increase your dose.",
        "The doctor will decrease your dose.",
    ),
    (
        "Children can take these tablets with water.",
        "Adults can take these tablets with water.",
    ),
    // Whether at all.
    (
        "You can take ibuprofen if you are pregnant.",
        "Avoid taking ibuprofen if you are pregnant.",
    ),
    (
        "You can take ibuprofen while you are pregnant.",
        "You can take ibuprofen unless you are pregnant.",
    ),
    (
        "Do not take ibuprofen if your doctor told you to.",
        "Do not take ibuprofen unless your doctor told you to.",
    ),
    (
        "Take your tablets unless you feel sick.",
        "Take your tablets if you feel sick.",
    ),
    ("Start taking aspirin.", "Stop taking aspirin."),
    ("Stop taking aspirin.", "Do not stop taking aspirin."),
    ("Keep taking aspirin.", "Stop taking aspirin."),
    (
        "Do not call your doctor.",
        "Stop taking the tablets and call your doctor.",
    ),
    (
        "Do not take your medicines unless your doctor tells you to.",
        "Keep taking your medicines unless your doctor tells you to stop.",
    ),
    (
        "Stop taking aspirin suddenly.",
        "Never suddenly stop taking aspirin.",
    ),
];

/// The same in other words.
const RIGHT: &[(&str, &str)] = &[
    ("Take 2 tablets a day.", "Take two tablets daily."),
    ("Take two tablets every day.", "Take 2 tablets daily."),
    ("Take the medicine once a day.", "Take the medicine daily."),
    ("Take the medicine daily.", "Take the medicine once a day."),
    (
        "Take the medicine one time a day.",
        "Take the medicine once a day.",
    ),
    (
        "Take the medicine once daily.",
        "Take the medicine every day.",
    ),
    (
        "Take the medicine two times a day.",
        "Take the medicine twice daily.",
    ),
    ("Take one tablet with water.", "Take a tablet with water."),
    ("Take a tablet with water.", "Take one tablet with water."),
    ("Take half a tablet at night.", "Take ½ tablet at night."),
    (
        "Take two tablets with water.",
        "Take two paracetamol tablets with water.",
    ),
    (
        "Take two tablets with water.",
        "Take two 500 mg tablets with water.",
    ),
    (
        "Take one of your tablets with water.",
        "Take one tablet with water.",
    ),
    ("Take one tablet daily.", "Take one tablet every night."),
    ("Wait twenty-four hours.", "Wait for 24 hours."),
    (
        "Take it every day for a week.",
        "Take it daily for a week with food.",
    ),
    (
        "Never take over 1000 mg in one day.",
        "Never take more than 1000 mg a day.",
    ),
    ("Ask one of the nurses for help.", "Ask a nurse for help."),
    (
        "No one may smoke in the building.",
        "Nobody may smoke in the building.",
    ),
    (
        "Once the wound has healed, you can swim again.",
        "You can swim again when the wound has healed.",
    ),
    (
        "Never give aspirin to a child under 16 unless it has been prescribed by a doctor.",
        "NEVER give aspirin to a child under 16 unless a doctor has prescribed it.",
    ),
    (
        "Wash your hands after you eat.",
        "Wash your hands before and after you eat.",
    ),
    (
        "Don't stop your medicine without asking.",
        "Do not stop a prescribed medicine without asking first.",
    ),
];

/// Sentences of leaflets, each with something to weigh.
const LEAFLET: &[&str] = &[
    "Take one tablet twice a day, before or after food.",
    "Once you feel better, take half a tablet every other day.",
    "Do not start taking daily aspirin unless a doctor has told you to.",
    "If you can swallow safely, take 15 to 20 grams of fast-acting sugar.",
    "Avoid baths and do not swim for at least two weeks.",
    "Children under 12 must stay with an adult.",
    "Ask one of the nurses; no one else may change the dressing.",
    "Check again after 10 to 15 minutes.",
    "Most adults should aim for at least 150 minutes of activity each week.",
    "It lowers a high temperature of 38.5 °C or more.",
    "Größe: 1½ Tabletten.",
];

#[test]
fn a_wrong_dose_or_the_opposite_is_not_supported() {
    for (sentence, quote) in WRONG {
        assert!(!supported(sentence, quote), "{sentence} / {quote}");
    }
}

#[test]
fn the_same_in_other_words_is_supported() {
    for (sentence, quote) in RIGHT {
        assert!(supported(sentence, quote), "{sentence} / {quote}");
    }
}

#[test]
fn a_sentence_supports_itself() {
    for sentence in LEAFLET {
        assert!(supported(sentence, sentence), "{sentence}");
        // Without its last mark the sentence is equal, but not word for word.
        let bare = sentence.trim_end_matches('.');
        assert!(supported(bare, sentence), "{bare}");
        assert!(supported(sentence, bare), "{bare}");
    }
}
