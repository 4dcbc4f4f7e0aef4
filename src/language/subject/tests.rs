//! Tests of which questions a passage may answer.

use super::*;
use crate::language::lists::Set;

fn answers(question: &str, title: &str, text: &str) -> bool {
    Subject::of(question).is_in(
        &Extract {
            title,
            text,
            start: 0,
            context: None,
        },
        &Set::default(),
    )
}

const DOSE: &str = "How much to take\n\nAdults take 20 mg once a day, before breakfast.\n\n\
    Who should not take it\n\n- Anyone who takes clopidogrel\n- Anyone with porphyria";

#[test]
fn the_medicine_that_is_asked_about_is_the_medicine_that_is_quoted() {
    let answers = |question| answers(question, "Omeprazole capsules", DOSE);
    assert!(answers("How much omeprazole can an adult take?"));
    assert!(answers(
        "whats the dose of omeprazol please, my nan is worried"
    ));
    assert!(answers("Can I take omeprazole with clopidogrel?"));
    assert!(!answers("How much famotidine can an adult take?"));
    assert!(!answers("What is the omeprazole dose for my ferret?"));
    assert!(!answers("Can I take omeprazole with methotrexate?"));
    // The passage names it, but not beside its doses.
    assert!(!answers("What is the dose of clopidogrel?"));
}

#[test]
fn whoever_must_not_is_answered_by_what_forbids() {
    let question = "Who should not take omeprazole?";
    assert!(answers(question, "Omeprazole capsules", DOSE));
    let doses = "How much to take\n\nAdults take 20 mg once a day.";
    assert!(!answers(question, "Omeprazole capsules", doses));
    assert!(answers(
        "How much omeprazole do I take?",
        "Omeprazole capsules",
        doses
    ));
}

#[test]
fn a_ward_or_a_type_is_told_by_its_number() {
    let text = "Ward 7 is open to visitors from 14:00.";
    assert!(answers("When can I visit ward 7?", "Visiting", text));
    assert!(!answers("When can I visit ward 9?", "Visiting", text));
    let text = "Vitamin D is given from October on.";
    assert!(!answers("When is vitamin K given?", "Vitamins", text));
}

#[test]
fn things_of_one_kind_are_told_apart() {
    let text = "You can drive again after six weeks.";
    assert!(answers(
        "When can I drive after my hip operation?",
        "Hip replacement",
        text
    ));
    assert!(!answers(
        "When can I drive after my knee operation?",
        "Hip replacement",
        text
    ));
}

#[test]
fn what_a_leaflet_names_elsewhere_counts_where_nothing_else_is_named() {
    let beyond: Set<String> = words_of("Common examples are apixaban and edoxaban.").collect();
    let answers = |question, heading: &str| {
        let text = format!("{heading}\n\nCall the same day about nosebleeds.");
        let extract = Extract {
            title: "Blood thinners",
            text: &text,
            start: 0,
            context: None,
        };
        Subject::of(question).is_in(&extract, &beyond)
    };
    let question = "I have nosebleeds on apixaban, when do I call?";
    assert!(answers(question, "When to call"));
    assert!(!answers(question, "When to call about dabigatran"));
    assert!(!answers(
        "I have nosebleeds on heparin, when do I call?",
        "When to call"
    ));
    assert!(!answers(
        "Can I take apixaban if I have nosebleeds?",
        "When to call"
    ));
}

#[test]
fn a_comparison_needs_both_sides() {
    let subject = Subject::of("What is the difference between senna and lactulose?");
    let extract = |text: &'static str| Extract {
        title: "Laxatives",
        text,
        start: 0,
        context: None,
    };
    let senna = extract("Senna works over night.");
    let lactulose = extract("Lactulose takes two days.");
    let none = Set::default();
    assert!(subject.is_in(&senna, &none) && subject.is_in(&lactulose, &none));
    assert!(subject.is_covered_by([senna, lactulose].into_iter()));
    assert!(!subject.is_covered_by([senna].into_iter()));
}

#[test]
fn first_forbids_only_where_it_says_what_to_do_before() {
    for warning in [
        "Ask a pharmacist first.",
        "Speak to us first if you are pregnant.",
    ] {
        assert!(restricts(warning), "{warning}");
    }
    for plain in [
        "Take one capsule at the first tingle of a cold sore.",
        "The first dose is given on the ward.",
    ] {
        assert!(!restricts(plain), "{plain}");
    }
}

#[test]
fn a_past_form_of_an_everyday_verb_names_nothing() {
    let question = "Which medicines are kept in the fridge?";
    assert!(answers(question, "Stock", "Insulin is in the fridge."));
}

#[test]
fn the_dose_of_a_combination_is_not_that_of_its_part() {
    let line = "Take one tablet of 5 mg once a day.";
    let asked = "What is the dose of metformin?";
    assert!(answers(asked, "Metformin tablets", line));
    assert!(!answers(asked, "Glyburide and metformin", line));
    assert!(answers(
        "What is the dose of glyburide and metformin?",
        "Glyburide and metformin",
        line
    ));
}
