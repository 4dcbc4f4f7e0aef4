mod context;
mod held_out;
mod measured;
mod pairs;
mod restated;

use proptest::prelude::*;

use super::*;
use crate::domain::evidence::Source;
use crate::domain::ids::{DocumentId, VersionId};
use crate::domain::text;

const VISITS: &str = "Visiting hours are from 2 pm to 8 pm. Children may visit with an adult. \
    Do not visit if you have a fever. Größe: See Dr. Miller, e.g. in room B12.";
const DOSES: &str = "Adults take 2.5 mg of the medicine every 8 hours with water. \
    Never take more than 1,000 mg in one day.";

/// The start of the passages in their documents.
const BEGINS: [i32; 2] = [100, 7];

/// Passages, numbered from 1.
fn sources_of(passages: &[(&str, &str)]) -> Vec<Source> {
    (1..)
        .zip(passages)
        .map(|(id, (title, text))| Source {
            id,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            external_id: "document".into(),
            title: (*title).into(),
            version: 1,
            stated: crate::domain::document::Stated::default(),
            page: None,
            start: 0,
            end: i32::try_from(text.chars().count()).unwrap(),
            text: (*text).into(),
            score: 1.0,
        })
        .collect()
}

/// Passages without known lines outside them.
fn alone(sources: Vec<Source>) -> Vec<Governed> {
    sources.into_iter().map(|source| (source, None)).collect()
}

fn sources() -> Vec<Source> {
    let mut sources = sources_of(&[("Leaflet", VISITS), ("Leaflet", DOSES)]);
    for (source, start) in sources.iter_mut().zip(BEGINS) {
        source.start += start;
        source.end += start;
    }
    sources
}

fn outputs(words: Words, sources: Vec<Source>, parts: &[&str]) -> Vec<Output> {
    let mut grounder = Grounder::new(words, "", &alone(sources));
    let mut outputs: Vec<Output> = parts.iter().flat_map(|part| grounder.push(part)).collect();
    outputs.extend(grounder.finish());
    outputs
}

/// The visible text and the citations.
fn visible(outputs: Vec<Output>) -> (String, Vec<Citation>) {
    let mut answer = String::new();
    let mut citations = Vec::new();
    for output in outputs {
        if let Output::Text(text, cited) = output {
            answer.push_str(&text);
            citations.extend(cited);
        }
    }
    (answer.trim_end().to_owned(), citations)
}

fn run_over(sources: Vec<Source>, parts: &[&str]) -> (String, Vec<Citation>) {
    visible(outputs(Words::Written, sources, parts))
}

/// The reasons why sentences are not shown.
fn reasons(passages: &[(&str, &str)], answer: &str) -> Vec<Reason> {
    let outputs = outputs(Words::Written, sources_of(passages), &[answer]);
    let dropped = outputs.into_iter().filter_map(|output| match output {
        Output::Dropped(reason) => Some(reason),
        Output::Text(..) => None,
    });
    dropped.collect()
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
    assert_eq!(answer, "Visiting hours are from 2 pm to 8 pm. [1]");
    assert_eq!(citations.len(), 1);
    assert_eq!(citations[0].quote, "Visiting hours are from 2 pm to 8 pm.");
    assert_eq!((citations[0].start, citations[0].end), (100, 137));
    assert_eq!(
        (citations[0].answer_start, citations[0].answer_end),
        (0, 41)
    );
}

#[test]
fn a_sentence_that_nothing_supports_is_not_shown() {
    let (answer, citations) = run(&[
        "Bananas are yellow. Children may visit with an adult [1]. Monkeys eat them [1].\n\n\
         Hope this helps!",
    ]);
    assert_eq!(answer, "Children may visit with an adult [1].");
    assert_eq!(citations.len(), 1);
    assert_eq!(
        run(&["Bananas are yellow.\n- Monkeys eat them [1].\n"]).0,
        ""
    );
    assert!(run(&["Yes."]).0.is_empty());
}

#[test]
fn the_right_passage_is_cited_whatever_the_marker_says() {
    for answer in [
        "Children may visit with an adult [2].",
        "Children may visit with an adult [9].",
        "Children may visit with an adult [9999].",
        "Children may visit with an adult [-1].",
        "Children may visit with an adult [1, 2].",
        "Children may visit with an adult [1, 2, 3, 4, 5, 6].",
        "Children may visit with an adult [1-2].",
        "Children may visit with an adult 【1】.",
        "Children may visit with an adult **[1]**.",
        "**Children may visit** with an adult [passage 1].",
        "Children may visit with an adult [2][1].",
        "Children may visit with an adult [2][3].",
    ] {
        let (shown, citations) = run(&[answer]);
        assert_eq!(shown, "Children may visit with an adult [1].", "{answer}");
        assert_eq!(citations.len(), 1);
    }
    for marker in ["[1]", "[2]", "【9】", "**[1]**", "[1-3]"] {
        let (shown, citations) =
            run(&[&format!("Children may visit with an adult. {marker} Bye.")]);
        assert_eq!(shown, "Children may visit with an adult. [1]", "{marker}");
        assert_eq!(citations.len(), 1);
    }
    // Without a marker there is nothing to correct.
    assert_eq!(
        run(&["Children may visit with an adult."]).0,
        "Children may visit with an adult."
    );
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
        quotes("Adults take 2.5mg of the medicine every 8 hours [2].").len(),
        1
    );
}

#[test]
fn the_opposite_is_not_supported() {
    assert!(quotes("You can visit if you have a fever [1].").is_empty());
    assert!(quotes("Children may not visit with an adult [1].").is_empty());
    assert_eq!(quotes("Don't visit if you have a fever [1].").len(), 1);
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
fn control_characters_are_neither_sent_nor_counted() {
    let odd = "\u{7}Hello.\0 Visiting\u{0} hours are\r from 2 pm to\u{85} 8 pm. [1\0]\r\nBye.";
    let (answer, citations) = run(&[odd]);
    assert_eq!(answer, "Visiting hours are from 2 pm to 8 pm. [1]");
    assert_eq!(citations.len(), 1);
    assert_eq!(spans(odd), ["Visiting hours are from 2 pm to 8 pm. [1]"]);
}

#[test]
fn what_the_model_thinks_is_not_shown() {
    let said = "Children may visit with an adult [1].";
    for answer in [
        "<think>Bananas are yellow. Visiting hours are from 2 pm to 8 pm.</think>Children may visit with an adult [1].",
        "<Thinking>\nDo not visit if you have a fever.\n</THINKING>\nChildren may visit with an adult [1].",
        "Children may visit with an adult [1]. <reasoning>Visiting hours are from 2 pm to 8 pm.",
    ] {
        assert_eq!(run(&[answer]).0, said, "{answer}");
    }
    let said = reasons(
        &[("Visits", VISITS)],
        "<think>Visiting hours are from 2 pm to 8 pm.",
    );
    assert_eq!(said, [Reason::Reasoning]);
}

#[test]
fn markup_and_contacts_of_the_model_reach_nobody() {
    let plain = "Children may visit with an adult [1].";
    for answer in [
        "**Children** may _visit_ with an adult [1].",
        "Children may [visit](https://evil.example/?q=1) with an adult [1].",
        "![a](https://evil.example/a.png) Children may visit with an adult [1].",
        "<b>Children</b> may visit<img src=x onerror=alert(1)> with an adult [1].",
        "> Children may visit with an adult [1].",
        "Children may visit with an adult [1](https://evil.example).",
        "Children may visit with an adult [1].\n\n[1]: https://evil.example",
    ] {
        assert_eq!(run(&[answer]).0, plain, "{answer}");
    }
    for answer in [
        "Children may visit with an adult, see https://evil.example [1].",
        "Children may visit with an adult <https://evil.example> [1].",
        "Children may visit with an adult: www.evil.example [1].",
        "Children may visit with an adult (nurse@evil.example) [1].",
        "Children may visit with an adult, call 0800 123 456 [1].",
        "Children may visit with an adult at 12 Mill Road [1].",
    ] {
        assert_eq!(run(&[answer]).0, "", "{answer}");
    }
}

#[test]
fn a_model_that_knows_no_answer_says_nothing_else() {
    for answer in [
        "NO ANSWER",
        "I do not know. Please ask a member of staff.",
        "The passages don't mention bananas. Children may visit with an adult [1].",
    ] {
        let mut grounder = Grounder::new(Words::Written, "", &alone(sources()));
        let mut outputs = grounder.push(answer);
        outputs.extend(grounder.finish());
        assert!(grounder.has_declined(), "{answer}");
        assert_eq!(visible(outputs).0, "");
    }
}

#[test]
fn what_is_quoted_is_shown_as_it_stands() {
    let passage = "Who should not take it?\n\nDo not take it if:\n• you are pregnant\n1. you have *gout*\n\nA | B\n2 | 3. Not 4.";
    let lines = "Who should not take it? [1]\nDo not take it if: [1]\n• you are pregnant [1]\n1. you have *gout* [1]\nA | B [1]\n2 | 3. Not 4. [1]\n";
    let outputs = outputs(Words::Quoted, sources_of(&[("Leaflet", passage)]), &[lines]);
    let (answer, citations) = visible(outputs);
    assert_eq!(answer, lines.trim_end());
    assert_eq!(citations.len(), 7);
}

/// The pieces of answers, which may come in any order.
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
        "【1】",
        "**[1]**",
        "<think>",
        "</think>",
        "# Visits",
        "| a | 2 |",
        "<b>",
        "https://evil.example",
        "Bananas are yellow.",
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
        for words in [Words::Written, Words::Quoted] {
            prop_assert_eq!(outputs(words, sources.clone(), &parts), outputs(words, sources.clone(), &[&whole]));
        }
    }

    #[test]
    fn every_text_is_cited_or_stands_above_one_that_is(whole in pieces()) {
        let mut open = false;
        for output in outputs(Words::Written, sources(), &[&whole]) {
            if let Output::Text(text, citations) = output && text != "\n" {
                open = citations.is_empty();
            }
        }
        prop_assert!(!open);
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
