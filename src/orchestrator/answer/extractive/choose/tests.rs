//! Tests of which lines are chosen, and under which lines they are shown.

use super::*;
use crate::domain::evidence::Source;
use crate::domain::ids::{DocumentId, VersionId};

fn source(id: i32, text: &str) -> Source {
    Source {
        id,
        document_id: DocumentId::new(),
        version_id: VersionId::new(),
        external_id: "document".into(),
        title: "Visitors".into(),
        version: 1,
        stated: crate::domain::document::Stated::default(),
        page: None,
        start: 0,
        end: i32::try_from(text.chars().count()).unwrap(),
        text: text.into(),
        score: 0.0,
    }
}

fn answer(question: &str, texts: &[&str]) -> Vec<String> {
    let evidence: Vec<Governed> = (1..)
        .zip(texts)
        .map(|(id, text)| (source(id, text), None))
        .collect();
    choose(question, &evidence)
        .into_iter()
        .map(|line| format!("{} [{}]", line.text, line.number))
        .collect()
}

#[test]
fn the_table_under_the_heading_that_asks_the_same_is_shown_whole() {
    let lines = answer(
        "When can I visit?",
        &[
            "Parking\n\nVisitors may park behind the house.",
            "When can I visit?\n\nArea | Hours\nWards | 11:00 to 20:00\n\nAsk us if you cannot come.",
        ],
    );
    assert_eq!(
        lines,
        [
            "When can I visit? [2]",
            "Area | Hours [2]",
            "Wards | 11:00 to 20:00 [2]",
            "Ask us if you cannot come. [2]"
        ]
    );
}

#[test]
fn a_list_keeps_the_sentence_that_leads_into_it_and_the_warning_after_it() {
    let text = "Before that, rest. Drink water. Sit down. Breathe.\n\n\
        In an attack, do this:\n1. Sit up.\n2. Shake it.\n3. Take a puff.\n4. Wait.\n\n\
        Never take more than ten puffs. Then call us.";
    let lines = answer("What should I do in an attack?", &[text]);
    assert_eq!(lines.first().unwrap(), "In an attack, do this: [1]");
    assert_eq!(lines.last().unwrap(), "Never take more than ten puffs. [1]");
    assert_eq!(lines.len(), 6);
}

#[test]
fn a_long_paragraph_is_shown_around_the_sentence_that_answers() {
    let text = "One is here. Two is here. Three is here. The cafe closes at nine. \
        Five is here. Six is here. Seven is here. Eight is here. Nine is here.";
    let lines = answer("When does the cafe close?", &[text]);
    assert_eq!(lines.first().unwrap(), "Three is here. [1]");
    assert_eq!(lines.len(), LINES);
}

#[test]
fn a_short_answer_is_joined_by_one_that_fits_about_as_well() {
    let texts = [
        "Parking\n\nPark behind the house.",
        "Parking\n\nPark in the street.",
    ];
    let both = [
        "Parking [1]",
        "Park behind the house. [1]",
        "Parking [2]",
        "Park in the street. [2]",
    ];
    assert_eq!(answer("parking", &texts), both);
    let texts = [
        "Parking\n\nPark behind the house.",
        "Coffee\n\nVisitors like it.",
    ];
    assert_eq!(answer("parking", &texts).len(), 2);
}

#[test]
fn of_a_long_table_the_row_that_names_it_is_shown_under_the_header() {
    let rows: Vec<String> = [
        "bisoprolol",
        "digoxin",
        "furosemide",
        "lactulose",
        "senna",
        "zopiclone",
    ]
    .iter()
    .enumerate()
    .map(|(nth, name)| format!("{name} | {nth} mg"))
    .collect();
    let text = format!(
        "Stock\n\nMedicine | Dose\n{}\n\nAsk the pharmacy.",
        rows.join("\n")
    );
    assert_eq!(
        answer("What is the dose of lactulose?", &[&text]),
        ["Stock [1]", "Medicine | Dose [1]", "lactulose | 3 mg [1]"]
    );
    assert!(answer("What is the dose of warfarin?", &[&text]).is_empty());
}

#[test]
fn a_question_who_must_not_is_not_answered_with_who_may() {
    let text = "How much to take\n\nTake 5 mg once a day.\n\nDo not take digoxin if\n\n\
        - your heart beats slowly\n- your kidneys fail";
    let lines = answer("Who should not take digoxin?", &[text]);
    assert_eq!(
        lines,
        [
            "Do not take digoxin if [1]",
            "- your heart beats slowly [1]",
            "- your kidneys fail [1]"
        ]
    );
}

#[test]
fn where_a_heading_forbids_only_what_stands_under_it_says_who_must_not() {
    let texts = [
        "How to use it\n\nAdults take 5 mg of digoxin once a day. Never take it on an empty stomach. \
         Take no more than 10 mg unless we tell you.",
        "Who should not take digoxin\n\n- Anyone with a slow heart\n- Anyone whose kidneys fail",
    ];
    let lines = answer("Who should not take digoxin?", &texts);
    assert_eq!(
        lines,
        [
            "Who should not take digoxin [2]",
            "- Anyone with a slow heart [2]",
            "- Anyone whose kidneys fail [2]"
        ]
    );
}

#[test]
fn of_a_paragraph_only_what_warns_says_who_must_not() {
    let text = "Digoxin\n\nAdults take 5 mg of digoxin once a day. Do not take digoxin if your \
                kidneys fail. It works within an hour.";
    let lines = answer("Who should not take digoxin?", &[text]);
    assert!(lines.contains(&"Do not take digoxin if your kidneys fail. [1]".to_owned()));
    assert!(!lines.iter().any(|line| line.contains("5 mg")), "{lines:?}");
}

#[test]
fn says_nothing_without_a_word_of_the_question() {
    assert!(answer("capital of Mongolia", &["Wash your hands with soap."]).is_empty());
}

#[test]
fn two_documents_that_say_the_same_say_it_once() {
    let text = "The dialysis unit has 14 chairs.";
    let lines = answer("How many chairs has the dialysis unit?", &[text, text]);
    assert_eq!(lines, ["The dialysis unit has 14 chairs. [1]"]);
}

const FORMULARY: &str = "Stock\n\nMedicine | Dose | Stored | Counted by two nurses\n\
    Alendrin | 70 mg | cupboard | no\nCalditol | 600 mg | fridge | no\n\
    Dorvanide | 2.5 mg | cupboard | yes\nHeparion | 50 mg | fridge | yes";

#[test]
fn the_rows_that_meet_the_question_are_shown_and_no_others() {
    let shown = |question: &str| {
        let lines = answer(question, &[FORMULARY]);
        let rows = lines.into_iter().skip(2);
        let names = rows.map(|row| row.split(' ').next().unwrap_or_default().to_owned());
        names.collect::<Vec<_>>()
    };
    let fridge = shown("Which medicines are stored in the fridge?");
    assert_eq!(fridge, ["Calditol", "Heparion"]);
    let counted = shown("Which medicines are counted by two nurses?");
    assert_eq!(counted, ["Dorvanide", "Heparion"]);
    assert_eq!(shown("What is the dose of calditol?"), ["Calditol"]);
}

#[test]
fn the_row_of_the_age_is_shown() {
    let text = "Syrup\n\nWho | Dose\nAdults | 20 ml\nChildren 6 to 11 years | 10 ml\n\
        Children 2 to 5 years | 5 ml\nBabies 3 to 23 months | 2 ml";
    let lines = answer("What is the syrup dose for my 7 year old?", &[text]);
    assert_eq!(
        lines,
        [
            "Syrup [1]",
            "Who | Dose [1]",
            "Children 6 to 11 years | 10 ml [1]"
        ]
    );
}

#[test]
fn each_question_of_a_message_is_answered() {
    let texts = [
        "Parking\n\nVisitors may park behind the house.",
        "Coffee\n\nThe cafe closes at nine.",
    ];
    let lines = answer(
        "Hello, my aunt is on ward 3. Where can visitors park? And when does the cafe close?",
        &texts,
    );
    assert!(lines.contains(&"Visitors may park behind the house. [1]".to_owned()));
    assert!(lines.contains(&"The cafe closes at nine. [2]".to_owned()));
}

#[test]
fn another_document_is_quoted_as_well_if_its_support_is_close() {
    let quoted = |supports: [f32; 4]| {
        let texts = [
            "Wards open at 9:00 for visits.",
            "Visits to the wards begin at 10:00.",
            "The wards receive visits from 11:00.",
            "Visits on the wards end at 20:00.",
        ];
        let sources = (1..).zip(texts).zip(supports);
        let evidence: Vec<Governed> = sources
            .map(|((id, text), score)| {
                let source = source(id, text);
                (Source { score, ..source }, None)
            })
            .collect();
        let lines = choose("When do visits to the wards open?", &evidence);
        let mut numbers: Vec<i32> = lines.into_iter().map(|line| line.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    assert!(quoted([0.9, 0.1, 0.1, 0.1]).contains(&1));
    assert!(!quoted([0.9, 0.1, 0.8, 0.2]).contains(&4));
    assert!(quoted([0.9, 0.1, 0.8, 0.2]).contains(&3));
    assert_eq!(quoted([0.9, 0.8, 0.7, 0.6]).len(), 3);
}
