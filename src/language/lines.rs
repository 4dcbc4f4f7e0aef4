//! The lines of a parsed text, and their kinds by their looks.
//!
//! The text has one line per heading, paragraph, list item or table row.

use super::sentences;
use crate::domain::text;

/// Longer lines are no headings.
const MAX_HEADING_WORDS: usize = 14;
/// The separator between the cells of a row.
pub const CELL: &str = " | ";

/// A line without surrounding white space, and its position in characters.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub text: &'a str,
    pub start: usize,
    pub indent: usize,
}

impl<'a> Line<'a> {
    pub fn end(&self) -> usize {
        self.start + self.text.chars().count()
    }

    pub fn is_item(&self) -> bool {
        text::opens_list_item(self.text)
    }

    pub fn is_row(&self) -> bool {
        is_row(self.text)
    }

    /// Returns its sentences and their positions.
    pub fn sentences(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let (text, at) = (self.text, self.start);
        let found = sentences::sentences(text).into_iter();
        found.filter_map(move |(start, end)| {
            Some((at + start, text::slice_chars(text, start, end)?))
        })
    }
}

/// Whether a line has cells; the first or the last one may be empty.
pub fn is_row(line: &str) -> bool {
    line.contains(CELL) || line.starts_with("| ") || line.ends_with(" |")
}

/// Returns the cells of a row. An empty cell keeps its column.
pub fn cells(row: &str) -> impl Iterator<Item = &str> {
    let row = row.trim();
    let bytes = row.as_bytes();
    let is_blank =
        |at: Option<usize>| at.is_none_or(|at| bytes.get(at).is_none_or(|byte| *byte == b' '));
    let bars = row
        .match_indices('|')
        .map(|(at, _)| at)
        .filter(move |at| is_blank(at.checked_sub(1)) && is_blank(Some(at + 1)));
    let mut begin = 0;
    bars.chain([row.len()]).map(move |end| {
        let cell = row.get(begin..end).unwrap_or_default().trim();
        begin = end + 1;
        cell
    })
}

/// Returns the lines with text.
pub fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let body = line.trim();
        if !body.is_empty() {
            found.push(Line {
                text: body,
                start: at + indent,
                indent,
            });
        }
        at += line.chars().count() + 1;
    }
    found
}

/// Whether a line is short and lacks the mark that ends a statement or leads into a list.
pub fn is_heading(line: &str) -> bool {
    !line.ends_with([
        '.', '!', ':', ';', ',', '…', ')', '"', '”', '。', '！', '：', '।', '；', '，', '、',
    ]) && line.split_whitespace().count() <= MAX_HEADING_WORDS
        && sentences::sentences(line).len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_are_cells() {
        let of = |row| cells(row).collect::<Vec<_>>();
        assert_eq!(of("a | b"), ["a", "b"]);
        assert_eq!(of("| Keyhole | Open"), ["", "Keyhole", "Open"]);
        assert_eq!(of("Driving | | 2 weeks"), ["Driving", "", "2 weeks"]);
        assert_eq!(of("Zyx |"), ["Zyx", ""]);
        assert_eq!(of("p|q | r"), ["p|q", "r"]);
        assert!(is_row("Zyx |") && is_row("| Zyx") && !is_row("p|q"));
    }
}
