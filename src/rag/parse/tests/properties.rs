//! Properties that hold for every document in every format.

use proptest::prelude::*;

use super::super::{MediaType, ParseLimits, ParsedDocument, parse};
use super::render::{Element, Model, render};
use crate::domain::text::slice_chars;
use crate::language::sentences::sentences;
use crate::rag::chunk::{Chunk, ChunkingConfig, chunk};

/// Counts about as many tokens as the embedding model's tokenizer.
fn count(text: &str) -> usize {
    text.split_whitespace()
        .map(|w| w.chars().count().div_ceil(5))
        .sum()
}

/// Every word ends with the number of its page, so that pages can be checked.
fn model(letters: &'static str) -> impl Strategy<Value = Model> {
    let text = prop::collection::vec(letters, 1..9);
    let element = prop_oneof![
        (1..4_u8, text.clone()).prop_map(|(l, w)| Element::Heading(l, w.join(" "))),
        prop::collection::vec(text.clone(), 1..12).prop_map(|s| Element::Paragraph(
            s.iter().map(|w| format!("{}.", w.join(" "))).collect()
        )),
        (any::<bool>(), prop::collection::vec(text.clone(), 1..6))
            .prop_map(|(o, i)| Element::List(o, i.iter().map(|w| w.join(" ")).collect())),
        prop::collection::vec(prop::collection::vec(letters, 2..=3), 1..5).prop_map(|mut rows| {
            let width = rows[0].len();
            for row in &mut rows {
                row.resize(width, "x".to_owned());
            }
            Element::Table(rows)
        }),
    ];
    prop::collection::vec(prop::collection::vec(element, 1..6), 1..5).prop_map(|pages| Model {
        title: "Leaflet".to_owned(),
        pages: pages
            .into_iter()
            .enumerate()
            .map(|(at, page)| page.into_iter().map(|e| number_words(e, at + 1)).collect())
            .collect(),
    })
}

fn number_words(element: Element, page: usize) -> Element {
    let tag = |text: &String| {
        let tagged: Vec<String> = text
            .split_whitespace()
            .map(|w| match w.strip_suffix('.') {
                Some(stem) => format!("{stem}p{page}."),
                None => format!("{w}p{page}"),
            })
            .collect();
        tagged.join(" ")
    };
    let all = |texts: &Vec<String>| texts.iter().map(tag).collect();
    match element {
        Element::Heading(level, text) => Element::Heading(level, tag(&text)),
        Element::Paragraph(parts) => Element::Paragraph(all(&parts)),
        Element::List(ordered, items) => Element::List(ordered, all(&items)),
        Element::Table(rows) => Element::Table(rows.iter().map(all).collect()),
    }
}

/// The words of a text without list markers and cell borders, or the mark between the cells of a
/// single row.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|w| w.chars().any(|c| c == 'p'))
        .map(|w| w.trim_end_matches(':').to_owned())
        .collect()
}

pub(super) fn check_blocks(doc: &ParsedDocument) {
    let chars: Vec<char> = doc.text.chars().collect();
    let mut covered = vec![false; chars.len()];
    let mut at = 0;
    for block in &doc.blocks {
        assert!(block.start >= at && block.end > block.start && block.end <= chars.len());
        covered[block.start..block.end].fill(true);
        at = block.end;
    }
    for (c, covered) in chars.iter().zip(covered) {
        assert!(covered || c.is_whitespace());
        assert!(!c.is_control() || matches!(c, '\n' | '\t'));
    }
    assert!(doc.pages.is_sorted());
    assert!(doc.pages.iter().all(|p| *p <= chars.len()));
    assert!(doc.pages.first().is_none_or(|p| *p == 0));
}

pub(super) fn check_chunks(doc: &ParsedDocument, chunks: &[Chunk], cfg: &ChunkingConfig) {
    let chars: Vec<char> = doc.text.chars().collect();
    let mut covered = vec![false; chars.len()];
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.ordinal as usize, at);
        let slice: String = chars[chunk.start..chunk.end].iter().collect();
        assert_eq!(chunk.text, slice);
        assert_eq!(chunk.text.trim(), chunk.text);
        assert!(count(&chunk.text) <= cfg.max_tokens);
        covered[chunk.start..chunk.end].fill(true);
        assert_eq!(chunk.page.is_some(), !doc.pages.is_empty());
        if at > 0 {
            assert!(chunk.start > chunks[at - 1].start && chunk.end > chunks[at - 1].end);
        }
    }
    for (c, covered) in chars.iter().zip(covered) {
        assert!(covered || c.is_whitespace());
    }
}

/// The page that the first word names.
fn named_page(text: &str) -> Option<u32> {
    let word = words(text).into_iter().next()?;
    word.trim_end_matches('.').rsplit('p').next()?.parse().ok()
}

fn round_trip(media: MediaType, model: &Model, cfg: &ChunkingConfig) {
    let bytes = render(media, model);
    let doc = parse(media, &bytes, &ParseLimits::default()).unwrap();
    check_blocks(&doc);
    assert_eq!(words(&doc.text), words(&model.words().join(" ")));
    assert_eq!(parse(media, &bytes, &ParseLimits::default()).unwrap(), doc);
    let chunks = chunk(&doc, cfg, &count);
    check_chunks(&doc, &chunks, cfg);
    if matches!(
        media,
        MediaType::Pdf | MediaType::Docx | MediaType::Pptx | MediaType::Odp
    ) && !doc.pages.is_empty()
    {
        for chunk in &chunks {
            // A slide without words of its own has only its name.
            if !chunk.text.starts_with("Slide ") {
                assert_eq!(chunk.page, named_page(&chunk.text), "{:?}", chunk.text);
            }
        }
    }
    for (start, end) in sentences(&doc.text) {
        assert!(
            !slice_chars(&doc.text, start, end)
                .unwrap()
                .trim()
                .is_empty()
        );
    }
}

fn config() -> impl Strategy<Value = ChunkingConfig> {
    (10..60_usize, 0..40_usize, 0..3_usize).prop_map(|(target, more, overlap)| ChunkingConfig {
        target_tokens: target,
        max_tokens: target + more,
        overlap_sentences: overlap,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markup_round_trips(model in model("[a-oéßüλ漢]{1,12}"), cfg in config()) {
        for media in MediaType::ALL.into_iter().filter(|media| *media != MediaType::Pdf) {
            round_trip(media, &model, &cfg);
        }
    }

    #[test]
    fn pdf_round_trips(model in model("[a-o]{1,12}"), cfg in config()) {
        round_trip(MediaType::Pdf, &model, &cfg);
    }

    #[test]
    fn any_text_keeps_its_invariants(text in "\\PC{0,40}([ \\n\\t\\r\\x00\\x0c\u{200b}#>|*`\\-1.<]{1,3}\\PC{0,30}){0,20}", cfg in config()) {
        for media in [MediaType::Markdown, MediaType::Text, MediaType::Html] {
            if let Ok(doc) = parse(media, text.as_bytes(), &ParseLimits::default()) {
                check_blocks(&doc);
                check_chunks(&doc, &chunk(&doc, &cfg, &count), &cfg);
            }
        }
    }
}
