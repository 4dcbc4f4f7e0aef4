//! Passages as sections of units: the sentences, list items and table rows that may be shown.
//!
//! The parsed text has one line a heading, paragraph, list item or table row. A unit's text is
//! always a piece of one line, word for word.

use std::collections::HashMap;

use crate::domain::text;
use crate::llm::Evidence;

/// Longer lines are no headings.
const MAX_HEADING_WORDS: usize = 14;
/// Between the cells of a row.
const CELL: &str = " | ";

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sentence,
    Item,
    Row,
}

/// What is shown whole or not at all.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub kind: Kind,
    pub text: String,
    /// Equal for the units of one paragraph, list or table; a sentence that leads into a list
    /// belongs to the list.
    pub block: usize,
}

/// What stands under one heading in one passage.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// 0 is the best passage.
    pub rank: usize,
    /// The passage's number in the markers.
    pub number: usize,
    pub title: String,
    /// Empty if the passage begins without one.
    pub heading: String,
    pub units: Vec<Unit>,
}

/// The sections of all passages, in order, those with nothing to show left out.
///
/// A heading that ends a passage is taken to head another passage of that document that begins
/// without one: text is sometimes cut between the two.
pub(super) fn sections<'a>(evidence: impl IntoIterator<Item = &'a Evidence>) -> Vec<Section> {
    let mut all = Vec::new();
    let mut dangling: HashMap<String, String> = HashMap::new();
    for (rank, evidence) in evidence.into_iter().enumerate() {
        let mut found = sections_of(rank, evidence);
        if let Some(last) = found.pop_if(|last| last.units.is_empty()) {
            dangling.insert(last.title, last.heading);
        }
        all.extend(found);
    }
    for section in &mut all {
        if section.heading.is_empty()
            && let Some(heading) = dangling.get(&section.title)
        {
            section.heading.clone_from(heading);
        }
    }
    all.retain(|section| !section.units.is_empty());
    all
}

fn sections_of(rank: usize, evidence: &Evidence) -> Vec<Section> {
    let lines: Vec<&str> = evidence.text.lines().map(str::trim).collect();
    let open = |heading: &str| Section {
        rank,
        number: evidence.number,
        title: evidence.title.clone(),
        heading: heading.to_owned(),
        units: Vec::new(),
    };
    let mut found = vec![open("")];
    let mut block = 0;
    let mut previous = None;
    for (at, line) in lines.iter().enumerate() {
        let beside = |at: Option<usize>| at.and_then(|at| lines.get(at)).copied();
        let in_table = [beside(at.checked_sub(1)), beside(Some(at + 1))]
            .into_iter()
            .flatten()
            .any(|line| line.contains(CELL));
        let (kind, texts) = match line {
            &"" => continue,
            line if text::opens_list_item(line) => (Kind::Item, vec![(*line).to_owned()]),
            line if line.contains(CELL) && in_table => (Kind::Row, vec![(*line).to_owned()]),
            // A single line with bars is a page header.
            line if line.contains(CELL) => continue,
            line if is_heading(line) => {
                found.push(open(line));
                previous = None;
                continue;
            }
            line => (Kind::Sentence, sentences(line)),
        };
        if kind == Kind::Sentence || previous != Some(kind) {
            block += 1;
        }
        previous = Some(kind);
        if let Some(section) = found.last_mut() {
            let unit = |text| Unit { kind, text, block };
            section.units.extend(texts.into_iter().map(unit));
        }
    }
    for section in &mut found {
        join_leads(&mut section.units);
    }
    found
}

fn sentences(line: &str) -> Vec<String> {
    text::sentences(line)
        .into_iter()
        .filter_map(|(start, end)| text::slice_chars(line, start, end))
        .map(|sentence| sentence.trim().to_owned())
        .collect()
}

/// A short line without the mark that ends a statement or leads into a list.
fn is_heading(line: &str) -> bool {
    !line.ends_with(['.', '!', ':', ';', ',', '…', ')', '"', '”'])
        && line.split_whitespace().count() <= MAX_HEADING_WORDS
        && text::sentences(line).len() == 1
}

/// Puts "Contact a doctor if your child:" into the block of the list that follows.
fn join_leads(units: &mut [Unit]) {
    for at in 1..units.len() {
        if let [.., lead, next] = units.get_mut(..=at).unwrap_or_default()
            && next.kind != Kind::Sentence
            && lead.kind == Kind::Sentence
            && lead.text.ends_with(':')
        {
            lead.block = next.block;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, Vec<String>)> {
        sections(&[Evidence {
            number: 1,
            title: "Title".into(),
            text: text.into(),
        }])
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
        );
        assert_eq!(
            found,
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
    fn a_heading_cut_off_from_its_list_finds_it() {
        let passage = |text: &str| Evidence {
            number: 1,
            title: "Title".into(),
            text: text.into(),
        };
        let found = sections(&[
            passage("- A letter\n- A list"),
            passage("Come early.\n\nWHAT SHOULD I BRING?"),
        ]);
        assert_eq!(found[0].heading, "WHAT SHOULD I BRING?");
    }
}
