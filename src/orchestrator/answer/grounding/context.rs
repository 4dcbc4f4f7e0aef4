//! The lines that the model puts above its sentences: headings, lead-ins, table headers.
//!
//! Such a line claims nothing alone. It waits for a supported sentence below it, which is judged
//! together with the words of the line. Without such a sentence the line is not shown.

use super::claim::Claim;
use super::markers::without_markers;
use crate::language::lines::{CELL, is_heading};
use crate::language::spoken;

/// The beginning of a model's line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    /// The visible part: white space, and a bullet or a number.
    pub shown: String,
    pub indent: usize,
    pub is_item: bool,
    pub is_heading: bool,
}

/// Reads and removes the prefix of a line.
pub(super) fn split_prefix(line: &str) -> (Prefix, &str) {
    let body = line.trim_start();
    let indent = line.chars().count() - body.chars().count();
    let body = body.trim_start_matches(['>', ' ']);
    let plain = |shown: String, is_item, is_heading| Prefix {
        shown,
        indent,
        is_item,
        is_heading,
    };
    let hashes = body.len() - body.trim_start_matches('#').len();
    let behind = body.get(hashes..).unwrap_or_default();
    if (1..=6).contains(&hashes) && behind.starts_with(char::is_whitespace) {
        return (plain(String::new(), false, true), behind.trim());
    }
    let blanks = " ".repeat(indent.min(8));
    if let Some(rest) = body.strip_prefix(['-', '*', '+', '•', '‣', '◦', '–', '·', '▪', '●'])
        && rest.starts_with(char::is_whitespace)
    {
        return (plain(format!("{blanks}- "), true, false), rest.trim_start());
    }
    let rest = body.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = body.len() - rest.len();
    if (1..=3).contains(&digits)
        && let Some(rest) = rest.strip_prefix(['.', ')'])
        && rest.starts_with(char::is_whitespace)
    {
        let number = body.get(..=digits).unwrap_or_default();
        return (
            plain(format!("{blanks}{number} "), true, false),
            rest.trim_start(),
        );
    }
    (plain(String::new(), false, false), body)
}

/// Returns the cells of a Markdown table row in the form that passages have; `None` for other
/// lines.
pub(super) fn row_of(line: &str) -> Option<String> {
    let is_row = line.starts_with('|') || line.contains(CELL);
    let cells: Vec<&str> = line
        .trim_matches([' ', '|'])
        .split('|')
        .map(str::trim)
        .collect();
    (is_row && cells.len() > 1).then(|| cells.join(CELL))
}

/// Whether a row only draws a line below the header.
pub(super) fn is_rule(row: &str) -> bool {
    !row.is_empty()
        && row
            .chars()
            .all(|c| matches!(c, '|' | '-' | ':' | ' ' | '—' | '='))
}

/// Returns the level of a line that looks like a heading or a lead-in.
pub(super) fn level_of(said: &str, raw: &str, prefix: &Prefix, ends_line: bool) -> Option<Level> {
    let leads = ends_line && said.ends_with([':', '：']);
    let bare = without_markers(raw);
    let bare = bare.trim();
    let is_bold = bare.len() > 4
        && bare.starts_with("**")
        && bare
            .find("**")
            .zip(bare.get(2..).and_then(|rest| rest.find("**")))
            .is_some_and(|(_, end)| end + 4 >= bare.len())
        && is_heading(said);
    if prefix.is_heading || (is_bold && ends_line && !prefix.is_item) {
        Some(Level::Heading)
    } else if leads && prefix.is_item {
        Some(Level::ItemLead)
    } else {
        leads.then_some(Level::Lead)
    }
}

/// The kind of a line above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Heading,
    Lead,
    /// An item that leads into a nested list.
    ItemLead,
    Header,
}

/// A line that waits or was shown.
#[derive(Clone, Debug)]
pub(super) struct Above {
    pub level: Level,
    pub text: String,
    pub prefix: Prefix,
    pub is_shown: bool,
}

/// The lines above the current one.
#[derive(Default)]
pub(super) struct Context {
    pub lines: Vec<Above>,
    /// Whether the list or paragraph below a lead-in has begun.
    in_lead: bool,
    in_table: bool,
}

impl Context {
    /// Begins a line; returns how many lines above were dropped unseen.
    pub fn begin(&mut self, prefix: &Prefix, is_row: bool) -> usize {
        let mut dropped = 0;
        if !is_row && std::mem::take(&mut self.in_table) {
            dropped += self.end(Level::Header);
        }
        if prefix.is_item {
            let nested = self
                .lines
                .iter()
                .any(|above| above.level == Level::ItemLead && prefix.indent > above.prefix.indent);
            if !nested {
                dropped += self.end(Level::ItemLead);
            }
        } else if !is_row && self.in_lead {
            dropped += self.end(Level::Lead);
        }
        self.in_lead = self.lines.iter().any(|above| above.level == Level::Lead);
        dropped
    }

    /// Whether this row is the first of its table.
    pub fn begins_table(&mut self) -> bool {
        !std::mem::replace(&mut self.in_table, true)
    }

    /// Adds a line; returns how many lines above were dropped unseen.
    pub fn add(&mut self, level: Level, text: &str, prefix: &Prefix) -> usize {
        let dropped = self.end(level);
        self.in_lead &= level > Level::Lead;
        self.lines.push(Above {
            level,
            text: text.to_owned(),
            prefix: prefix.clone(),
            is_shown: false,
        });
        dropped
    }

    /// Ends the lines of this level and below; returns how many were never shown.
    pub fn end(&mut self, level: Level) -> usize {
        let unseen = |above: &&Above| above.level >= level && !above.is_shown;
        let dropped = self.lines.iter().filter(unseen).count();
        self.lines.retain(|above| above.level < level);
        if level <= Level::Lead {
            self.in_lead = false;
        }
        dropped
    }

    /// Returns the lines that were not shown yet; from now on they count as shown.
    pub fn take_unseen(&mut self) -> Vec<Above> {
        let unseen = self.lines.iter().filter(|above| !above.is_shown);
        let unseen = unseen.cloned().collect();
        for above in &mut self.lines {
            above.is_shown = true;
        }
        unseen
    }

    /// Returns what completes a fragment: the lead-ins, or the heading for an item without one.
    pub fn lead(&self, is_fragment: bool) -> String {
        let at = |wanted: &[Level]| {
            let lines = self.lines.iter();
            let texts: Vec<&str> = lines
                .filter(|above| wanted.contains(&above.level))
                .map(|above| above.text.as_str())
                .collect();
            texts.join(" ")
        };
        let lead = at(&[Level::Lead, Level::ItemLead]);
        if lead.is_empty() && is_fragment {
            at(&[Level::Heading])
        } else {
            lead
        }
    }

    /// Returns the claim of the other lines above.
    pub fn frame(&self) -> Option<Claim> {
        let lines = self.lines.iter();
        let texts: Vec<&str> = lines
            .filter(|above| matches!(above.level, Level::Heading | Level::Header))
            .map(|above| above.text.as_str())
            .collect();
        (!texts.is_empty()).then(|| Claim::of(&texts.join(". ")))
    }
}

/// Whether the model says that the passages do not answer.
pub(super) fn declines(said: &str) -> bool {
    let lower = said.to_lowercase().replace('’', "'");
    let mut declining = spoken().phrasing.declining.iter();
    declining.any(|phrase| lower.contains(phrase))
}
