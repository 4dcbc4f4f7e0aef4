//! True sentences, and the passages that hold them.

use crate::domain::text::without_bullet;
use crate::language::units::{Extract, Kind, Unit, sections};

/// Shorter sentences offer nothing to change, longer ones are lists without marks.
const WORDS: std::ops::RangeInclusive<usize> = 5..=32;

/// Passages that are retrieved together, and the sentences of the first of them.
pub struct Place {
    /// Titles and texts.
    pub passages: Vec<(String, String)>,
    pub subjects: Vec<Subject>,
}

/// A true sentence.
#[derive(Clone)]
pub struct Subject {
    /// The sentence as the passage holds it; an item together with its lead-in.
    pub sentence: String,
    /// The lead-in of an item, and the item.
    pub item: Option<(String, String)>,
    /// The header and the cells of a row, and the cells of the next row.
    pub row: Option<Row>,
    /// Another sentence of the same passage.
    pub neighbour: String,
}

/// A row of a table.
#[derive(Clone)]
pub struct Row {
    pub header: Vec<String>,
    pub cells: Vec<String>,
    pub next: Vec<String>,
}

impl Place {
    /// Makes a passage of sentences, each of which is a subject.
    pub fn of_sentences(sentences: &[String]) -> Self {
        let subjects = sentences.iter().enumerate().map(|(at, sentence)| Subject {
            sentence: sentence.clone(),
            item: None,
            row: None,
            neighbour: sentences
                .get((at + 1) % sentences.len().max(1))
                .cloned()
                .unwrap_or_default(),
        });
        Self {
            subjects: subjects.collect(),
            passages: vec![(String::new(), sentences.join(" "))],
        }
    }

    /// Takes at most so many sentences of the first passage.
    pub fn of(passages: Vec<(String, String)>, most: usize) -> Self {
        let first = passages.first();
        let mut subjects = first.map_or_else(Vec::new, |(title, text)| subjects(title, text));
        subjects.truncate(most);
        Self { passages, subjects }
    }
}

fn subjects(title: &str, text: &str) -> Vec<Subject> {
    let extract = Extract {
        title,
        text,
        start: 0,
        context: None,
    };
    let sections = sections(&extract);
    let units: Vec<&Unit> = sections.iter().flat_map(|section| &section.units).collect();
    let mut subjects: Vec<Subject> = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        let next = units.get(at + 1).copied();
        subjects.extend(subject(unit, next));
    }
    let others: Vec<String> = subjects.iter().map(|one| one.sentence.clone()).collect();
    for (at, subject) in subjects.iter_mut().enumerate() {
        let neighbour = others.get((at + 1) % others.len().max(1));
        subject.neighbour = neighbour.cloned().unwrap_or_default();
    }
    subjects
}

fn subject(unit: &Unit, next: Option<&Unit>) -> Option<Subject> {
    let text = without_bullet(unit.text.trim()).trim();
    let plain = |sentence: String| Subject {
        sentence,
        item: None,
        row: None,
        neighbour: String::new(),
    };
    match unit.kind {
        Kind::Sentence => (is_whole(text)).then(|| plain(text.to_owned())),
        Kind::Item => {
            let lead = unit.above.last().filter(|lead| lead.ends_with(':'))?;
            let sentence = format!("{} {text}", lead.trim_end_matches(':'));
            let sentence = format!("{}.", sentence.trim_end_matches(['.', ';']));
            let fits = WORDS.contains(&sentence.split_whitespace().count());
            let one = !lead.contains(". ") && !text.contains(". ");
            (fits && one && !unit.orphan && !text.ends_with('?')).then(|| Subject {
                item: Some((lead.clone(), text.to_owned())),
                ..plain(sentence)
            })
        }
        Kind::Row => {
            let cells = |row: &str| row.split(" | ").map(str::to_owned).collect::<Vec<_>>();
            let header = cells(unit.above.last()?);
            let next = next.filter(|next| next.kind == Kind::Row && next.block == unit.block)?;
            let row = Row {
                header,
                cells: cells(text),
                next: cells(&next.text),
            };
            (row.cells.len() == row.next.len()).then(|| Subject {
                row: Some(row),
                ..plain(text.to_owned())
            })
        }
    }
}

/// Whether a text is one whole sentence.
fn is_whole(text: &str) -> bool {
    let words = text.split_whitespace().count();
    WORDS.contains(&words)
        && text.ends_with('.')
        && text.starts_with(char::is_uppercase)
        && !text.contains([':', '"', '=', '[', '(', '“'])
        && !text.contains(" - ")
}
