use proptest::prelude::*;

use super::*;
use crate::domain::ids::{DocumentId, VersionId};

const VISITS: &str = "Visiting hours are from 2 pm to 8 pm. Children may visit with an adult. \
    Do not visit if you have a fever. Größe: See Dr. Miller, e.g. in room B12.";
const DOSES: &str = "Adults take 2.5 mg of the medicine every 8 hours with water. \
    Never take more than 1,000 mg in one day.";

/// Where the passages begin in their documents.
const BEGINS: [i32; 2] = [100, 7];

fn sources() -> Vec<Source> {
    (1..)
        .zip([VISITS, DOSES])
        .zip(BEGINS)
        .map(|((id, text), start)| Source {
            id,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            title: "Leaflet".into(),
            version: 1,
            page: None,
            start,
            end: start + i32::try_from(text.chars().count()).unwrap(),
            text: text.into(),
            score: 1.0,
        })
        .collect()
}

/// The visible text and the citations.
fn run_over(sources: Vec<Source>, parts: &[&str]) -> (String, Vec<Citation>) {
    let mut grounder = Grounder::new(sources);
    let mut outputs: Vec<Output> = parts.iter().flat_map(|part| grounder.push(part)).collect();
    outputs.extend(grounder.finish());
    let mut answer = String::new();
    let mut citations = Vec::new();
    for output in outputs {
        match output {
            Output::Text(text) => answer.push_str(&text),
            Output::Citation(citation) => citations.push(citation),
        }
    }
    (answer, citations)
}

fn run(parts: &[&str]) -> (String, Vec<Citation>) {
    run_over(sources(), parts)
}

fn quotes(answer: &str) -> Vec<String> {
    run(&[answer])
        .1
        .into_iter()
        .map(|citation| citation.quote)
        .collect()
}

/// The parts of the answer that the citations cover.
fn spans(answer: &str) -> Vec<String> {
    let (visible, citations) = run(&[answer]);
    citations
        .iter()
        .map(|citation| {
            let at = |n: i32| usize::try_from(n).unwrap();
            let (start, end) = (at(citation.answer_start), at(citation.answer_end));
            text::slice_chars(&visible, start, end).unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_verbatim_sentence_is_cited_exactly_and_keeps_its_marker() {
    let (answer, citations) = run(&["Visiting hours are from 2 pm to 8 pm. [1]\n"]);
    assert_eq!(
        answer.trim_end(),
        "Visiting hours are from 2 pm to 8 pm. [1]"
    );
    assert_eq!(citations.len(), 1);
    assert_eq!(citations[0].quote, "Visiting hours are from 2 pm to 8 pm.");
    assert_eq!((citations[0].start, citations[0].end), (100, 137));
    assert_eq!(
        (citations[0].answer_start, citations[0].answer_end),
        (0, 37)
    );
}

#[test]
fn markers_without_support_are_removed() {
    assert_eq!(
        run(&["Children may visit with an adult [2]."]).0,
        "Children may visit with an adult."
    );
    assert_eq!(
        run(&["Children may visit with an adult [1, 2]."]).0,
        "Children may visit with an adult [1]."
    );
    assert_eq!(
        run(&["[2] Bananas are yellow fruit [9]. [1]"]).0,
        "Bananas are yellow fruit."
    );
    assert_eq!(run(&["Some [7] words"]).0, "Some words");
    assert!(quotes("Children may visit with an adult. [2]").is_empty());
}

#[test]
fn a_marker_may_stand_anywhere_in_its_sentence() {
    for answer in [
        "[1] Children may visit with an adult.",
        "Children may visit [1] with an adult.",
        "Children may visit with an adult [1].",
    ] {
        assert_eq!(run(&[answer]).0, answer);
        assert_eq!(quotes(answer), ["Children may visit with an adult."]);
    }
    assert_eq!(
        spans("Hello there. Children may visit with an adult [1]. Bye."),
        ["Children may visit with an adult [1]."]
    );
}

#[test]
fn a_wrong_number_or_unit_is_not_supported() {
    assert!(quotes("Visiting hours are from 2 pm to 9 pm. [1]").is_empty());
    assert!(quotes("Visiting hours are from 2 am to 8 pm. [1]").is_empty());
    assert!(quotes("Adults take 5.2 mg of the medicine every 8 hours with water. [2]").is_empty());
    assert!(quotes("Adults take 2.5 mcg of the medicine every 8 hours with water. [2]").is_empty());
    assert!(quotes("Adults take 25 mg of the medicine every 8 hours with water. [2]").is_empty());
    assert!(quotes("Adults take 2.5 mg of the medicine every 8 days with water. [2]").is_empty());
    assert_eq!(
        quotes("Never take more than 1000 mg in one day. [2]").len(),
        1
    );
    assert_eq!(
        quotes("Take 2.5mg of the medicine every 8 hours [2].").len(),
        1
    );
}

#[test]
fn the_opposite_is_not_supported() {
    assert!(quotes("You can visit if you have a fever [1].").is_empty());
    // The "not" of the next sentence does not vouch for this one.
    assert!(quotes("Children may not visit with an adult [1].").is_empty());
    assert_eq!(quotes("Don't visit if you have a fever [1].").len(), 1);
}

#[test]
fn without_a_marker_any_passage_may_support() {
    assert_eq!(
        quotes("Children may visit with an adult."),
        ["Children may visit with an adult."]
    );
    assert!(quotes("Bananas are yellow.").is_empty());
}

#[test]
fn abbreviations_do_not_end_a_sentence() {
    assert_eq!(
        quotes("See Dr. Miller, e.g. in room B12 [1]. Bye."),
        ["Größe: See Dr. Miller, e.g. in room B12."]
    );
    assert!(quotes("See Dr. Miller, e.g. in room B13 [1].").is_empty());
}

#[test]
fn other_brackets_and_layout_stay() {
    for answer in [
        "See [the leaflet] now",
        "A [ b ] [] [12",
        "- One\n  - Two\n\n**Three.** Four",
    ] {
        assert_eq!(run(&[answer]).0, answer);
    }
    assert_eq!(run(&["\n\n  Hello.  "]).0, "Hello.");
}

#[test]
fn control_characters_are_neither_sent_nor_counted() {
    let odd = "\u{7}Hello.\0 Visiting\u{0} hours are\r from 2 pm to\u{85} 8 pm. [1\0]\r\nBye.";
    let (answer, citations) = run(&[odd]);
    assert_eq!(
        answer,
        "Hello. Visiting hours are from 2 pm to 8 pm. [1]\nBye."
    );
    assert_eq!(citations.len(), 1);
    assert_eq!(spans(odd), ["Visiting hours are from 2 pm to 8 pm."]);
    assert_eq!(run(&["A\tb"]).0, "A\tb");
}

/// Pieces that answers are made of; any order must do.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "Children may visit with an adult",
        "Visiting hours are from 2 pm to 8 pm.",
        ". ",
        " ",
        "\n",
        "[1]",
        " [2].",
        "[1, 2]",
        "[",
        "]",
        "[12",
        " Größe 😀 ",
        "Do not visit",
        " if you have a fever",
        "Dr. ",
        "Adults take 2.5 mg of the medicine every 8 hours with water.",
        "?",
        "- ",
        "**",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn splits_do_not_matter(whole in pieces(), cuts in prop::collection::vec(0_usize..300, 0..8)) {
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| whole.is_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        let mut parts = Vec::new();
        let mut last = 0;
        for cut in cuts {
            parts.push(&whole[last..cut]);
            last = cut;
        }
        parts.push(&whole[last..]);
        let sources = sources();
        prop_assert_eq!(run_over(sources.clone(), &parts), run_over(sources, &[&whole]));
    }

    #[test]
    fn citations_always_resolve(whole in pieces()) {
        let (answer, citations) = run(&[&whole]);
        for citation in citations {
            let index = usize::try_from(citation.source_id).unwrap() - 1;
            let offset = |n: i32| usize::try_from(n - BEGINS[index]).unwrap();
            let quote = text::slice_chars([VISITS, DOSES][index], offset(citation.start), offset(citation.end));
            prop_assert_eq!(quote, Some(citation.quote.as_str()));
            let at = |n: i32| usize::try_from(n).unwrap();
            let span = text::slice_chars(&answer, at(citation.answer_start), at(citation.answer_end));
            prop_assert!(span.is_some_and(|span| !span.is_empty() && span.trim() == span), "{span:?}");
        }
    }

    #[test]
    fn every_marker_that_stays_has_a_citation(whole in pieces()) {
        let (answer, citations) = run(&[&whole]);
        for number in [1, 2] {
            if answer.contains(&format!("[{number}]")) {
                prop_assert!(citations.iter().any(|citation| citation.source_id == number));
            }
        }
    }
}
