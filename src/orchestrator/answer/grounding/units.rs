//! Cuts passages into units: the sentences, list items and table rows that can support a sentence.
//!
//! The parsed text has one line per heading, paragraph, list item or table row. A unit's context is
//! what it depends on: the heading above it, the lead-in of its list and the header of its table. A
//! neighbour is never part of it.

#[cfg(test)]
mod tests;

use crate::domain::evidence::{ContextKind, Source};
use crate::language::lines::{CELL, Line, cells, is_heading, lines};
use crate::language::{sentences, spoken};

/// The kind of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sentence,
    Item,
    Row,
    /// A heading, a lead-in or a table header, which says nothing without what follows.
    Frame,
}

/// A place in a source's text, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
}

/// A unit and its context.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub kind: Kind,
    pub span: Span,
    pub text: String,
    /// The nearest heading above.
    pub heading: Option<Frame>,
    /// The lead-in of the list or table: "Do not take it if:".
    pub lead: Option<Frame>,
    /// The header of the table.
    pub header: Option<Frame>,
    /// The sentence before this one, if this one refers to it with "it" or "them".
    pub before: String,
    /// Set for an item at the beginning of a passage that is cut off from its lead-in.
    pub is_orphan: bool,
    /// Set for the first row of a table, which is taken for its column names.
    pub begins_table: bool,
}

/// A line on which units depend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The index of its source, if it stands outside the unit's own source.
    pub outside: Option<usize>,
    pub span: Span,
    pub text: String,
}

fn frame(line: &Line<'_>) -> Frame {
    Frame {
        outside: None,
        span: Span {
            start: line.start,
            end: line.end(),
        },
        text: line.text.to_owned(),
    }
}

/// The lines so far, as far as they matter for the next one.
#[derive(Clone, Default)]
struct Outline {
    heading: Option<Frame>,
    lead: Option<Frame>,
    header: Option<Frame>,
    /// An item that leads into items below it, and its indent.
    item_lead: Option<(Frame, usize)>,
    in_list: bool,
    in_table: bool,
}

/// Returns the units of a source that begins under these lines of its document.
pub(super) fn units_of(source: &Source, above: Vec<(ContextKind, Frame)>) -> Vec<Unit> {
    let lines = lines(&source.text);
    let mut outline = Outline::under(above);
    let mut units = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| lines.get(at));
        let after = lines.get(at + 1);
        let in_table = before.is_some_and(Line::is_row) || after.is_some_and(Line::is_row);
        if line.is_item() {
            outline.item(line, &mut units);
        } else if line.is_row() && in_table {
            outline.row(line, &mut units);
        } else if line.is_row() {
            // A single line with bars is a page header.
            units.push(outline.unit(Kind::Frame, line.text, line.start));
        } else if is_heading(line.text) {
            let is_fact = states_a_fact(line.text, before, after);
            outline.heading(line, is_fact, &mut units);
        } else {
            outline.paragraph(line, &mut units);
        }
    }
    units
}

impl Outline {
    /// Takes the nearest heading; a list may stand under a sentence and an item at once.
    fn under(above: Vec<(ContextKind, Frame)>) -> Self {
        let mut outline = Self::default();
        for (kind, frame) in above {
            match kind {
                ContextKind::Heading => outline.heading = Some(frame),
                ContextKind::Header => outline.header = Some(frame),
                ContextKind::Lead => {
                    let text = match &outline.lead {
                        Some(lead) => format!("{} {}", lead.text, frame.text),
                        None => frame.text,
                    };
                    outline.lead = Some(Frame { text, ..frame });
                }
            }
        }
        outline.in_table = outline.header.is_some();
        outline.in_list = outline.lead.is_some() && !outline.in_table;
        outline
    }

    fn unit(&self, kind: Kind, text: &str, start: usize) -> Unit {
        Unit {
            kind,
            span: Span {
                start,
                end: start + text.chars().count(),
            },
            text: text.to_owned(),
            heading: self.heading.clone(),
            lead: None,
            header: None,
            before: String::new(),
            is_orphan: false,
            begins_table: false,
        }
    }

    fn item(&mut self, line: &Line<'_>, units: &mut Vec<Unit>) {
        self.end_table();
        self.in_list = true;
        if self
            .item_lead
            .as_ref()
            .is_some_and(|(_, indent)| line.indent <= *indent)
        {
            self.item_lead = None;
        }
        let leads = line.text.ends_with(':');
        for (start, sentence) in line.sentences() {
            let kind = if leads { Kind::Frame } else { Kind::Item };
            let mut unit = self.unit(kind, sentence, start);
            unit.lead = self.lead_of_items();
            unit.is_orphan = unit.lead.is_none() && self.heading.is_none();
            units.push(unit);
        }
        if leads {
            let (lead, indent) = (frame(line), line.indent);
            self.item_lead = Some((lead, indent));
        }
    }

    /// Returns the lead-in of the list, together with that of its item.
    fn lead_of_items(&self) -> Option<Frame> {
        match (&self.lead, &self.item_lead) {
            (Some(lead), Some((item, _))) => Some(Frame {
                outside: item.outside,
                span: item.span,
                text: format!("{} {}", lead.text, item.text),
            }),
            (lead, item) => item
                .as_ref()
                .map(|(item, _)| item)
                .or(lead.as_ref())
                .cloned(),
        }
    }

    fn row(&mut self, line: &Line<'_>, units: &mut Vec<Unit>) {
        if !self.in_table {
            self.in_table = true;
            units.push(Unit {
                begins_table: true,
                ..self.unit(Kind::Frame, line.text, line.start)
            });
            self.header = Some(frame(line));
            return;
        }
        let mut unit = self.unit(Kind::Row, line.text, line.start);
        unit.header.clone_from(&self.header);
        unit.lead.clone_from(&self.lead);
        // Each of several sentences in a cell is about the subject of the row.
        if let [key, cell] = cells(line.text).collect::<Vec<_>>().as_slice() {
            let bounds = sentences::sentence_bounds(cell);
            let several = bounds.len() > 1;
            let said = bounds.into_iter().filter_map(|bound| cell.get(bound));
            units.push(unit.clone());
            units.extend(said.filter(|_| several).map(|said| Unit {
                text: format!("{key}{CELL}{}", said.trim()),
                ..unit.clone()
            }));
        } else {
            units.push(unit);
        }
    }

    fn heading(&mut self, line: &Line<'_>, is_fact: bool, units: &mut Vec<Unit>) {
        self.end_table();
        self.end_list();
        let kind = if is_fact { Kind::Sentence } else { Kind::Frame };
        units.push(self.unit(kind, line.text, line.start));
        self.lead = None;
        if !is_fact {
            self.heading = Some(frame(line));
        }
    }

    fn paragraph(&mut self, line: &Line<'_>, units: &mut Vec<Unit>) {
        self.end_table();
        self.end_list();
        self.lead = None;
        let mut before = String::new();
        for (start, sentence) in line.sentences() {
            let leads = sentence.ends_with(':');
            let kind = if leads { Kind::Frame } else { Kind::Sentence };
            let mut unit = self.unit(kind, sentence, start);
            if points_back(sentence) {
                unit.before.clone_from(&before);
            }
            if leads {
                self.lead = Some(Frame {
                    outside: None,
                    span: unit.span,
                    text: unit.text.clone(),
                });
            }
            before = format!("{} {sentence}", unit.before);
            units.push(unit);
        }
    }

    fn end_table(&mut self) {
        if std::mem::take(&mut self.in_table) {
            self.header = None;
            self.lead = None;
        }
    }

    fn end_list(&mut self) {
        self.item_lead = None;
        if std::mem::take(&mut self.in_list) {
            self.lead = None;
        }
    }
}

/// Returns the part of a lead-in on which the following lines depend: "Not everything helps, but do
/// this:" denies nothing below it.
pub(super) fn last_clause(lead: &str) -> &str {
    let ends = spoken().phrasing.clause_ends.iter().filter_map(|joint| {
        let at = lead.rfind(*joint)?;
        Some(at + joint.len())
    });
    lead.get(ends.max().unwrap_or_default()..).unwrap_or(lead)
}

/// Whether a line that looks like a heading is none: "Review due: 2028", the last line, or a line
/// with figures below another short line.
fn states_a_fact(line: &str, before: Option<&Line<'_>>, after: Option<&Line<'_>>) -> bool {
    let has_figures = line.contains(|c: char| c.is_ascii_digit());
    let below_heading = before.is_some_and(|line| is_heading(line.text));
    !line.ends_with('?')
        && (line.contains(": ") || after.is_none() || (has_figures && below_heading))
}

/// Whether the sentence begins with a word that refers to the previous sentence.
fn points_back(sentence: &str) -> bool {
    let first = sentence.split(|c: char| !c.is_alphanumeric()).next();
    first.is_some_and(|word| spoken().phrasing.pointing.contains(&word.to_lowercase()))
}
