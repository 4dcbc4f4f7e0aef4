//! Tests of how a passage is cut, and of the lines on which each unit depends.

use super::*;

fn cut(text: &str, start: i32, context: Option<&[ContextLine]>) -> Vec<Section> {
    sections(&Extract {
        title: "Title",
        text,
        start,
        context,
    })
}

fn shown(sections: Vec<Section>) -> Vec<(String, Vec<String>)> {
    sections
        .into_iter()
        .map(|section| {
            let units = section.units.into_iter();
            let shown = units.map(|unit| format!("{}{:?} {}", unit.block, unit.kind, unit.text));
            (section.heading, shown.collect())
        })
        .collect()
}

#[test]
fn headings_items_rows_and_sentences_are_told_apart() {
    let found = cut(
        "Hospital | Leaflet | Page 1\n\nWhen can I visit?\n\nArea | Hours\nWards | 11:00\n\n\
         One may stay. Ask us.\n\nCall if:\n\n1. it hurts\n\n2. it bleeds\n\nReview due: 2028",
        0,
        None,
    );
    assert_eq!(
        shown(found),
        [(
            "When can I visit?".to_owned(),
            [
                "1Row Area | Hours",
                "1Row Wards | 11:00",
                "2Sentence One may stay.",
                "2Sentence Ask us.",
                "4Sentence Call if:",
                "4Item 1. it hurts",
                "4Item 2. it bleeds"
            ]
            .map(str::to_owned)
            .to_vec()
        )]
    );
}

#[test]
fn a_unit_knows_its_heading_its_lead_in_and_its_header() {
    let found = cut(
        "Who must wait\n\nStay at home if you have:\n- a rash\n\nArea | Hours\nWards | 11:00",
        0,
        None,
    );
    let above = |text: &str| {
        let mut units = found.iter().flat_map(|section| &section.units);
        units.find(|unit| unit.text == text).unwrap().above.clone()
    };
    assert_eq!(
        above("- a rash"),
        ["Who must wait", "Stay at home if you have:"]
    );
    assert_eq!(above("Wards | 11:00"), ["Who must wait", "Area | Hours"]);
}

#[test]
fn a_list_that_a_passage_begins_with_is_shown_only_if_the_index_knows_what_it_is_under() {
    let text = "- a rash\n- a fever\n\nAsk us.";
    let orphans = |sections: &[Section]| {
        let units = sections.iter().flat_map(|section| &section.units);
        units.map(|unit| unit.orphan).collect::<Vec<_>>()
    };
    assert_eq!(orphans(&cut(text, 40, None)), [true, true, false]);
    assert_eq!(orphans(&cut(text, 0, None)), [false, false, false]);
    let heading = ContextLine {
        kind: ContextKind::Heading,
        start: 10,
        end: 23,
        until: 90,
        text: "Who must wait".into(),
    };
    let lines = [heading];
    let known = cut(text, 40, Some(&lines));
    assert_eq!(orphans(&known), [false, false, false]);
    assert_eq!(known[0].heading, "Who must wait");
    assert_eq!(known[0].units[1].above, ["Who must wait"]);
    let mut too_long = lines;
    too_long[0].text.clear();
    assert_eq!(orphans(&cut(text, 40, Some(&too_long))), [true, true, true]);
}
