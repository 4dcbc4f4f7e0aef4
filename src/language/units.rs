//! Passages as sections of units: the sentences, list items and table rows that may be shown, each
//! with the lines on which it depends.
//!
//! The parsed text has one line per heading, paragraph, list item or table row. A unit's text is
//! always a piece of one line, word for word. The index knows the document's structure and provides
//! the lines that govern a unit; without it they are guessed from the passage alone.

#[cfg(test)]
mod tests;

use super::lines::{self, is_heading};
use super::lists::lower_words;
use crate::domain::evidence::{ContextKind, ContextLine};

/// The structure of a passage.
#[derive(Clone, Copy, Debug)]
pub struct Extract<'a> {
    pub title: &'a str,
    pub text: &'a str,
    /// Its start in the document.
    pub start: i32,
    /// The lines that govern a part of it, if the index knows them.
    pub context: Option<&'a [ContextLine]>,
}

/// The kind of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sentence,
    Item,
    Row,
}

/// A piece of a passage that is shown completely or not at all.
#[derive(Clone, Debug)]
pub struct Unit {
    pub kind: Kind,
    pub text: String,
    /// Equal for the units of one paragraph, list or table. A sentence that leads into a list
    /// belongs to the list.
    pub block: usize,
    /// The lines that govern it, outermost first: headings, lead-ins, the header row. None is
    /// empty, and the document's title is not among them.
    pub above: Vec<String>,
    /// Set if no passage contains a line on which the unit depends; it must then not be shown.
    pub orphan: bool,
}

/// The units under one heading in one passage.
#[derive(Clone, Debug)]
pub struct Section {
    pub title: String,
    /// The heading; empty if there is none.
    pub heading: String,
    /// Whether the passage contains the heading, so that the section begins there.
    pub begins: bool,
    pub units: Vec<Unit>,
}

/// Returns the sections of a passage in order, without those that have nothing to show.
pub fn sections(extract: &Extract<'_>) -> Vec<Section> {
    let lines = lines(extract);
    let context = match extract.context {
        Some(known) => with_guessed_headings(known, &lines),
        None => guess(&lines),
    };
    let context = context.as_slice();
    let mut reader = Reader {
        extract,
        context,
        found: vec![open_section(extract, context, extract.start)],
        block: 0,
        previous: None,
    };
    for (at, line) in lines.iter().enumerate() {
        let beside = [at.checked_sub(1), Some(at + 1)]
            .into_iter()
            .flatten()
            .filter_map(|at| lines.get(at))
            .any(|line| line.body.is_row());
        reader.take(line, beside);
    }
    let mut found = reader.found;
    for section in &mut found {
        join_leads(&mut section.units);
    }
    found.retain(|section| !section.units.is_empty());
    found
}

/// A line and its start in the document.
struct Line<'a> {
    start: i32,
    body: lines::Line<'a>,
}

impl Line<'_> {
    fn end(&self) -> i32 {
        self.start.saturating_add(length(self.body.text))
    }

    /// Returns its sentences and their starts in the document.
    fn sentences(&self) -> Vec<(i32, String)> {
        let before = self.body.start;
        let found = self.body.sentences();
        let placed = found.filter_map(|(start, text)| {
            let within = i32::try_from(start.checked_sub(before)?).ok()?;
            Some((self.start.saturating_add(within), text.to_owned()))
        });
        placed.collect()
    }
}

fn length(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX)
}

fn lines<'a>(extract: &Extract<'a>) -> Vec<Line<'a>> {
    let placed = |body: lines::Line<'a>| {
        let before = i32::try_from(body.start).unwrap_or(i32::MAX);
        let start = extract.start.saturating_add(before);
        Line { start, body }
    };
    lines::lines(extract.text).into_iter().map(placed).collect()
}

struct Reader<'a> {
    extract: &'a Extract<'a>,
    context: &'a [ContextLine],
    found: Vec<Section>,
    block: usize,
    previous: Option<Kind>,
}

impl Reader<'_> {
    fn take(&mut self, line: &Line<'_>, beside_row: bool) {
        let heads = |context: &ContextLine| {
            context.kind == ContextKind::Heading
                && (context.start..context.end).contains(&line.start)
        };
        if self.context.iter().any(heads) {
            self.found
                .push(open_section(self.extract, self.context, line.end()));
            self.previous = None;
            return;
        }
        let in_table = beside_row
            || self.context.iter().any(|context| {
                context.kind == ContextKind::Header
                    && (context.start..context.until).contains(&line.start)
            });
        let (kind, pieces) = if line.body.is_item() {
            (Kind::Item, vec![(line.start, line.body.text.to_owned())])
        } else if line.body.is_row() && in_table {
            (Kind::Row, vec![(line.start, line.body.text.to_owned())])
        } else if line.body.is_row() {
            // A single line with bars is a page header.
            return;
        } else {
            (Kind::Sentence, line.sentences())
        };
        if kind == Kind::Sentence || self.previous != Some(kind) {
            self.block += 1;
        }
        // Without the index, a list at the beginning of a passage may depend on earlier lines.
        let cut = self.extract.context.is_none()
            && self.extract.start > 0
            && kind != Kind::Sentence
            && self.found.len() == 1
            && self.found.iter().all(|first| {
                first.heading.is_empty()
                    && first
                        .units
                        .iter()
                        .all(|unit| unit.kind == kind && unit.orphan)
            });
        let block = self.block;
        let units: Vec<Unit> = pieces
            .into_iter()
            .map(|(start, text)| {
                let (above, known) = self.above(start);
                Unit {
                    kind,
                    text,
                    block,
                    above,
                    orphan: cut || !known,
                }
            })
            .collect();
        self.previous = Some(kind);
        if let Some(section) = self.found.last_mut() {
            section.units.extend(units);
        }
    }

    /// Returns the lines that govern this offset, and whether all of them are known.
    fn above(&self, at: i32) -> (Vec<String>, bool) {
        let governing = self
            .context
            .iter()
            .filter(|line| line.end <= at && at < line.until);
        let known = governing.clone().all(|line| !line.text.is_empty());
        let lines = governing
            .filter(|line| !line.text.is_empty() && !same(&line.text, self.extract.title))
            .map(|line| line.text.clone())
            .collect();
        (lines, known)
    }
}

/// Opens a section whose first unit begins at `at` or later.
fn open_section(extract: &Extract<'_>, context: &[ContextLine], at: i32) -> Section {
    let heading = context
        .iter()
        .rfind(|line| line.kind == ContextKind::Heading && line.end <= at && at <= line.until);
    Section {
        title: extract.title.to_owned(),
        heading: heading.map(|line| line.text.clone()).unwrap_or_default(),
        begins: heading.is_some_and(|line| line.start >= extract.start),
        units: Vec::new(),
    }
}

/// Whether two lines have the same words, whatever stands between them.
fn same(one: &str, other: &str) -> bool {
    lower_words(one).eq(lower_words(other))
}

/// Guesses the governing lines from the passage: the nearest heading, the sentence before a list or
/// a table, and the first row of a table.
fn guess(lines: &[Line<'_>]) -> Vec<ContextLine> {
    let mut found: Vec<ContextLine> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let same_kind = |other: &&Line<'_>| {
            other.body.is_item() == line.body.is_item() && other.body.is_row() == line.body.is_row()
        };
        let run = lines.iter().skip(at).take_while(same_kind).count().max(1);
        let until = lines.get(at + run - 1).map_or(i32::MAX, Line::end);
        if line.body.is_item() || (line.body.is_row() && run > 1) {
            let before = at.checked_sub(1).and_then(|before| lines.get(before));
            if let Some(before) =
                before.filter(|before| !before.body.is_row() && !is_heading(before.body.text))
            {
                found.extend(lead(before, until));
            }
            if line.body.is_row() {
                found.push(governing(
                    ContextKind::Header,
                    line.start,
                    line.body.text,
                    until,
                ));
            }
            at += run;
            continue;
        }
        if !line.body.is_row() && is_heading(line.body.text) {
            let end = lines
                .iter()
                .skip(at + 1)
                .find(|other| {
                    !other.body.is_item() && !other.body.is_row() && is_heading(other.body.text)
                })
                .map_or(i32::MAX, |next| next.start);
            found.push(governing(
                ContextKind::Heading,
                line.start,
                line.body.text,
                end,
            ));
        }
        at += 1;
    }
    found
}

/// Returns the known lines, and short lines that look like headings although the format does not
/// mark them.
fn with_guessed_headings(known: &[ContextLine], lines: &[Line<'_>]) -> Vec<ContextLine> {
    let is_known = |guessed: &ContextLine| {
        let mut known = known.iter();
        known.any(|line| line.start < guessed.end && guessed.start < line.end)
    };
    let mut all = known.to_vec();
    for mut guessed in guess(lines) {
        if guessed.kind == ContextKind::Heading && !is_known(&guessed) {
            let next = known
                .iter()
                .filter(|line| line.kind == ContextKind::Heading && line.start > guessed.start);
            let next = next.map(|line| line.start).min().unwrap_or(i32::MAX);
            guessed.until = guessed.until.min(next);
            all.push(guessed);
        }
    }
    all.sort_by_key(|line| line.start);
    all
}

fn lead(line: &Line<'_>, until: i32) -> Option<ContextLine> {
    let (start, sentence) = line.sentences().pop()?;
    Some(governing(ContextKind::Lead, start, &sentence, until))
}

fn governing(kind: ContextKind, start: i32, text: &str, until: i32) -> ContextLine {
    ContextLine {
        kind,
        start,
        end: start.saturating_add(length(text)),
        until,
        text: text.to_owned(),
    }
}

/// Moves a lead-in such as "Contact a doctor if your child:" into the block of the following list.
fn join_leads(units: &mut [Unit]) {
    for at in 1..units.len() {
        if let [.., lead, next] = units.get_mut(..=at).unwrap_or_default()
            && next.kind != Kind::Sentence
            && lead.kind == Kind::Sentence
            && (lead.text.ends_with(':') || next.above.contains(&lead.text))
        {
            lead.block = next.block;
        }
    }
}
