//! Tests of where chunks are cut.

use super::*;
use crate::rag::parse::{MediaType, ParseLimits, parse};

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn markdown(text: &str, target: usize, max: usize, overlap: usize) -> Vec<Chunk> {
    let doc = parse(
        MediaType::Markdown,
        text.as_bytes(),
        &ParseLimits::default(),
    )
    .unwrap();
    let cfg = ChunkingConfig {
        target_tokens: target,
        max_tokens: max,
        overlap_sentences: overlap,
    };
    chunk(&doc, &cfg, &words)
}

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|c| c.text.as_str()).collect()
}

#[test]
fn sections_do_not_mix_and_know_their_path() {
    let chunks = markdown(
        "# Asthma\n\n## Signs\n\nOne two three four five six seven.\n\n## Care\n\nEight nine ten eleven twelve.",
        12,
        20,
        1,
    );
    assert_eq!(
        texts(&chunks),
        [
            "Asthma\n\nSigns\n\nOne two three four five six seven.",
            "Care\n\nEight nine ten eleven twelve."
        ]
    );
    assert_eq!(chunks[0].heading.as_deref(), Some("Asthma > Signs"));
    assert_eq!(chunks[1].heading.as_deref(), Some("Asthma > Care"));
}

#[test]
fn tiny_sections_share_a_chunk_under_their_common_heading() {
    let chunks = markdown("# A\n\n## B\n\nx.\n\n## C\n\ny.\n\n## D\n\nz.", 180, 240, 1);
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].heading.as_deref(), Some("A"));
}

#[test]
fn sentences_overlap_inside_running_text_only() {
    let chunks = markdown("A b c d. E f g. H i j k. L m n. O p q r.", 8, 9, 1);
    assert_eq!(
        texts(&chunks),
        ["A b c d. E f g.", "H i j k. L m n.", "O p q r."]
    );
    let chunks = markdown("A b c d e f. G h. I j k l m n. O p. Q r s t u v.", 9, 10, 1);
    assert_eq!(
        texts(&chunks),
        [
            "A b c d e f. G h.",
            "G h. I j k l m n. O p.",
            "O p. Q r s t u v."
        ]
    );
}

#[test]
fn a_list_keeps_its_lead_in() {
    let chunks = markdown(
        "Some words before the list that fill the chunk.\n\nCall us if you have:\n\n- fever today\n- a rash\n- bad pain",
        10,
        16,
        1,
    );
    assert_eq!(
        texts(&chunks),
        [
            "Some words before the list that fill the chunk.",
            "Call us if you have:\n- fever today\n- a rash\n- bad pain"
        ]
    );
}

#[test]
fn long_sentences_and_words_are_split() {
    let chunks = markdown("a b c d e f g h i j k l", 4, 5, 1);
    assert_eq!(texts(&chunks), ["a b c d e", "f g h i j", "k l"]);
    let long = "x".repeat(200);
    let chunks = markdown(&long, 4, 5, 1);
    assert_eq!(chunks.iter().map(|c| c.text.len()).sum::<usize>(), 200);
    assert!(chunks.iter().all(|c| c.text.len() <= 60));
}

#[test]
fn text_outside_blocks_is_not_lost() {
    let doc = ParsedDocument {
        text: "alpha beta. gamma".to_owned(),
        title: None,
        blocks: Vec::new(),
        pages: vec![0, 12],
        warnings: Vec::new(),
        notes: Vec::new(),
    };
    let chunks = chunk(&doc, &ChunkingConfig::default(), &words);
    assert_eq!(texts(&chunks), ["alpha beta. gamma"]);
    assert_eq!(chunks[0].page, Some(1));
}

fn above(chunk: &Chunk) -> Vec<(&str, bool)> {
    let start = i32::try_from(chunk.start).unwrap();
    let governs = |line: &ContextLine| line.end <= start && start < line.until;
    let lines = chunk.context.iter();
    lines
        .map(|line| (line.text.as_str(), governs(line)))
        .collect()
}

#[test]
fn a_list_cut_off_from_its_heading_and_its_lead_in_carries_them() {
    let text = "# Sprays\n\n## Before you start\n\nRead on. Do not use the spray if you have:\n\n\
        - a cold sore now\n- a nose bleed now\n- a new wound now\n\n## Storage\n\nKeep it cool.";
    let chunks = markdown(text, 12, 14, 0);
    let cut = chunks
        .iter()
        .find(|chunk| chunk.text.starts_with("- a n"))
        .unwrap();
    assert_eq!(
        above(cut),
        [
            ("Sprays", true),
            ("Before you start", true),
            ("Do not use the spray if you have:", true)
        ]
    );
    let last = chunks.last().unwrap();
    assert_eq!(above(last).first().unwrap(), &("Sprays", true));
    assert!(!above(last).contains(&("Before you start", true)));
}

#[test]
fn every_row_carries_its_header_and_every_nested_item_its_parent() {
    let text = "Doses by weight.\n\n| Who | Dose |\n|---|---|\n| one two | 1 mg |\n| three four | 2 mg |\n\n\
        - Adults\n  - one tablet now\n  - two tablets later\n- Children\n  - none at all";
    let chunks = markdown(text, 6, 8, 0);
    let of = |begin: &str| {
        chunks
            .iter()
            .find(|chunk| chunk.text.contains(begin))
            .unwrap()
    };
    let governing = |begin: &str| {
        let chunk = of(begin);
        let at = chunk.start + chunk.text.find(begin).unwrap();
        let at = i32::try_from(at).unwrap();
        let lines = chunk
            .context
            .iter()
            .filter(|line| line.end <= at && at < line.until);
        lines.map(|line| line.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(governing("three four"), ["Doses by weight.", "Who | Dose"]);
    assert_eq!(governing("- two tablets"), ["- Adults"]);
    assert_eq!(governing("- none"), ["- Children"]);
}

#[test]
fn every_part_of_a_long_table_carries_its_caption_and_its_columns() {
    let rows: Vec<String> = (0..30)
        .map(|at| format!("<tr><td>drug{at}<td>{at} mg<td>daily</tr>"))
        .collect();
    let rows = rows.concat();
    let html = format!(
        "<h1>List</h1><h2>Adults</h2><p>Give these doses:</p><table><caption>Table 1. Doses</caption>\
         <thead><tr><th>Drug<th>Dose<th>When</thead>{rows}</table><table><tr><th>A<th>B<tr><td>one<td>two</table>"
    );
    let doc = parse(MediaType::Html, html.as_bytes(), &ParseLimits::default()).unwrap();
    let cfg = ChunkingConfig {
        target_tokens: 40,
        max_tokens: 50,
        overlap_sentences: 1,
    };
    let chunks = chunk(&doc, &cfg, &words);
    let parts: Vec<&Chunk> = chunks.iter().filter(|c| c.text.contains("drug")).collect();
    assert!(parts.len() > 4, "{}", parts.len());
    for part in &parts[1..] {
        assert!(part.text.starts_with("drug") && part.text.contains(" | "));
        let lines: Vec<&str> = above(part)
            .into_iter()
            .filter(|(_, is)| *is)
            .map(|(l, _)| l)
            .collect();
        let expected = [
            "List",
            "Adults",
            "Give these doses:",
            "Table 1. Doses",
            "Drug | Dose | When",
        ];
        assert_eq!(lines, expected);
        for line in &part.context {
            let [start, end] = [line.start, line.end].map(|at| usize::try_from(at).unwrap());
            let quote: String = doc.text.chars().skip(start).take(end - start).collect();
            assert_eq!(quote, line.text);
        }
    }
    let other = chunks
        .iter()
        .find(|c| c.text.contains("one | two"))
        .unwrap();
    let at = i32::try_from(other.start + other.text.find("one | two").unwrap()).unwrap();
    let of_other = other.context.iter().filter(|l| l.end <= at && at < l.until);
    let of_other: Vec<&str> = of_other.map(|l| l.text.as_str()).collect();
    assert_eq!(of_other, ["List", "Adults", "A | B"]);
}
