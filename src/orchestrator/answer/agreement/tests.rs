use super::*;
use crate::domain::document::Stated;
use crate::domain::ids::{DocumentId, VersionId};

/// A passage of a document of its own.
fn passage(id: i32, title: &str, start: i32, text: &str) -> Governed {
    let source = Source {
        id,
        document_id: DocumentId::new(),
        version_id: VersionId::new(),
        external_id: "document".into(),
        title: title.into(),
        version: 1,
        stated: Stated::default(),
        page: None,
        start,
        end: start + i32::try_from(text.chars().count()).unwrap(),
        text: text.into(),
        score: 1.0,
    };
    (source, Some(Vec::new()))
}

/// The citation of these words of a passage.
fn cite((source, _): &Governed, words: &str) -> Citation {
    let before = source.text.split_once(words).unwrap().0.chars().count();
    let start = source.start + i32::try_from(before).unwrap();
    Citation {
        source_id: source.id,
        document_id: source.document_id,
        version_id: source.version_id,
        quote: words.into(),
        start,
        end: start + i32::try_from(words.chars().count()).unwrap(),
        answer_start: 0,
        answer_end: 5,
    }
}

#[test]
fn an_equal_passage_of_another_document_is_cited_too() {
    let text = "The unit has 14 chairs. It opens at seven.";
    let evidence = [
        passage(1, "a.md", 0, text),
        passage(2, "b.md", 100, text),
        passage(3, "c.md", 0, "The unit has 14 chairs."),
    ];
    let own = cite(&evidence[0], "It opens at seven.");
    let all = with_twins(vec![own.clone()], &evidence);
    let other = cite(&evidence[1], "It opens at seven.");
    assert_eq!(all, [own, other.clone()]);
    assert_eq!(other.start, 124);
    // Once is enough.
    assert_eq!(with_twins(all.clone(), &evidence), all);
}

#[test]
fn equal_words_under_other_lines_are_not_the_same() {
    use crate::domain::evidence::{ContextKind, ContextLine};
    let text = "- you are pregnant\n- you are over 65";
    let under = |id, lead: &str| {
        let (source, _) = passage(id, "a.md", 40, text);
        let line = ContextLine {
            kind: ContextKind::Lead,
            start: 0,
            end: i32::try_from(lead.chars().count()).unwrap(),
            until: 90,
            text: lead.into(),
        };
        (source, Some(vec![line]))
    };
    let quote = |of: &Governed| vec![cite(of, "you are pregnant")];
    let evidence = [under(1, "Take it if:"), under(2, "Do not take it if:")];
    assert_eq!(with_twins(quote(&evidence[0]), &evidence).len(), 1);
    let evidence = [
        under(1, "Do not take it if:"),
        under(2, "Do not take it if:"),
    ];
    assert_eq!(with_twins(quote(&evidence[0]), &evidence).len(), 2);
}

#[test]
fn another_value_for_the_same_thing_differs() {
    for (own, other, differs) in [
        (
            "The dialysis unit has 14 chairs.",
            "The dialysis unit has 22 chairs.",
            true,
        ),
        (
            "Take one tablet of 20 mg every 6 hours.",
            "Take one tablet of 20 mg every 8 hours.",
            true,
        ),
        (
            "Visiting hours end at 8 pm every day.",
            "Visiting hours end at 7 pm every day.",
            true,
        ),
        (
            "The dialysis unit has 14 chairs.",
            "The dialysis unit has 14 chairs.",
            false,
        ),
        (
            "The dialysis unit has 14 chairs.",
            "The dialysis unit opens at 7:30.",
            false,
        ),
        (
            "Take 500 mg of paracetamol every 4 hours.",
            "Take 400 mg of ibuprofen every 4 hours.",
            false,
        ),
    ] {
        let evidence = [passage(1, "a.md", 0, own), passage(2, "b.md", 0, other)];
        let found = differing(&[cite(&evidence[0], own)], &evidence);
        let shown: Vec<_> = found.iter().map(|one| (one.cited, one.other)).collect();
        assert_eq!(shown == [(1, 2)], differs, "{own} {other}");
    }
}

#[test]
fn another_place_and_another_passage_of_one_document_do_not() {
    let north = "North House opens at 7:30 for blood tests.";
    let evidence = [
        passage(1, "Blood tests at North House", 0, north),
        passage(
            2,
            "Blood tests at South House",
            0,
            "South House opens at 13:00 for blood tests.",
        ),
    ];
    assert_eq!(differing(&[cite(&evidence[0], north)], &evidence), []);
    let mut evidence = [
        passage(1, "a.md", 0, "The unit for dialysis has 14 chairs."),
        passage(2, "a.md", 0, "The unit for dialysis has 22 chairs."),
    ];
    evidence[1].0.document_id = evidence[0].0.document_id;
    let cited = [cite(&evidence[0], "The unit for dialysis has 14 chairs.")];
    assert_eq!(differing(&cited, &evidence), []);
}

#[test]
fn a_name_in_a_prepared_text_has_no_link_and_no_markup() {
    let (source, _) = passage(1, "See [here](https://evil.example) <b>now</b>\n", 0, "x");
    let name = name(&source);
    assert!(
        !name.contains("//") && !name.contains(['<', '\n']),
        "{name}"
    );
    assert_eq!(name.matches('[').count(), 1, "{name}");
}
