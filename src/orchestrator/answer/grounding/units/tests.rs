use super::*;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::text;

/// Returns kind, context and text of each unit.
fn cut(text: &str) -> Vec<String> {
    let source = Source {
        id: 1,
        document_id: DocumentId::new(),
        version_id: VersionId::new(),
        external_id: "document".into(),
        title: "Title".into(),
        version: 1,
        stated: crate::domain::document::Stated::default(),
        page: None,
        start: 0,
        end: 0,
        text: text.into(),
        score: 1.0,
    };
    let units = units_of(&source, Vec::new()).into_iter();
    let shown = units.map(|unit| {
        let at = text::slice_chars(text, unit.span.start, unit.span.end);
        assert!(at == Some(unit.text.as_str()) || unit.kind == Kind::Row);
        let of = |frame: Option<Frame>| frame.map_or("-".to_owned(), |frame| frame.text);
        let (heading, lead, header) = (of(unit.heading), of(unit.lead), of(unit.header));
        let orphan = if unit.is_orphan { " orphan" } else { "" };
        format!(
            "{:?}{orphan} {heading}/{lead}/{header}/{}",
            unit.kind, unit.text
        )
    });
    shown.collect()
}

#[test]
fn every_unit_knows_what_it_depends_on() {
    let text = "Größe | A\n\nWhen to come\n\nArea | Hours\nWards | 11:00. Not at noon.\n\nOne may stay. Call us if:\n\n\
        - it hurts\n- you:\n  - fall\n- it bleeds\n\nThat is all.\nOpen: 9 am\nEnd";
    assert_eq!(
        cut(text),
        [
            "Frame -/-/-/Größe | A",
            "Frame -/-/-/When to come",
            "Frame When to come/-/-/Area | Hours",
            "Row When to come/-/Area | Hours/Wards | 11:00. Not at noon.",
            "Row When to come/-/Area | Hours/Wards | 11:00.",
            "Row When to come/-/Area | Hours/Wards | Not at noon.",
            "Sentence When to come/-/-/One may stay.",
            "Frame When to come/-/-/Call us if:",
            "Item When to come/Call us if:/-/it hurts",
            "Frame When to come/Call us if:/-/you:",
            "Item When to come/Call us if: - you:/-/fall",
            "Item When to come/Call us if:/-/it bleeds",
            "Sentence When to come/-/-/That is all.",
            "Sentence When to come/-/-/Open: 9 am",
            "Sentence When to come/-/-/End",
        ]
    );
}

#[test]
fn an_item_without_a_lead_in_is_an_orphan() {
    assert_eq!(
        cut("- you are pregnant\n\nRest well."),
        [
            "Item orphan -/-/-/you are pregnant",
            "Sentence -/-/-/Rest well.",
        ]
    );
}
