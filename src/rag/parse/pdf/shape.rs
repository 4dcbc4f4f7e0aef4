//! The shape of a page: the usual distance of its lines, and the edges of its columns.

use std::collections::HashMap;

use super::regions::Piece;
use super::segments::Segment;
use crate::domain::text::opens_list_item;

/// A line distance this much larger than the usual one starts a paragraph.
const PARAGRAPH_GAP: f64 = 1.3;
/// A line of at least this share of the column's width may be wrapped.
const BROAD_LINE: f64 = 0.7;

/// The usual position of lines on a page.
pub(super) struct PageShape {
    /// The usual distance between lines by type size in tenths.
    leading: HashMap<i64, f64>,
    /// The right edge of lines with the same start, by left edge in steps of 6 points.
    edges: HashMap<i64, f64>,
    /// The left edges of list items, ascending.
    indents: Vec<f64>,
}

impl PageShape {
    pub(super) fn of(page: &[Piece]) -> Self {
        let lines: Vec<&Segment> = page.iter().filter_map(Piece::line).collect();
        let mut distances: HashMap<i64, Vec<f64>> = HashMap::new();
        let mut rights: HashMap<i64, Vec<f64>> = HashMap::new();
        for (before, line) in lines.iter().zip(lines.iter().skip(1)) {
            let distance = line.y - before.y;
            if distance > 0.0 && tenths(before.size) == tenths(line.size) {
                distances
                    .entry(tenths(line.size))
                    .or_default()
                    .push(distance);
            }
        }
        for line in &lines {
            rights.entry(column(line)).or_default().push(line.right);
        }
        let edges = rights.into_iter().map(|(column, all)| (column, edge(all)));
        let leading = distances
            .into_iter()
            .filter_map(|(size, mut all)| {
                all.sort_by(f64::total_cmp);
                // Takes the lower third, because pages of short paragraphs have many wide gaps.
                all.get(all.len() / 3)
                    .map(|d| (size, d.min(to_points(size) * 1.8)))
            })
            .collect();
        let mut indents: Vec<f64> = lines
            .iter()
            .filter(|line| opens_list_item(&line.text))
            .map(|line| line.left)
            .collect();
        indents.sort_by(f64::total_cmp);
        indents.dedup_by(|b, a| *b - *a < 5.0);
        Self {
            leading,
            edges: edges.collect(),
            indents,
        }
    }

    /// The number of lists around a line, by its indent.
    pub(super) fn depth(&self, line: &Segment) -> usize {
        self.indents
            .partition_point(|indent| *indent <= line.left + 2.5)
    }

    /// How a line follows another: in the same paragraph after a space or a line feed, or not at
    /// all.
    pub(super) fn joint(&self, before: &Segment, line: &Segment) -> Option<char> {
        let step = line.y - before.y;
        let size = tenths(line.size);
        let usual = self.leading.get(&size).copied().unwrap_or(line.size * 1.2);
        if tenths(before.size).abs_diff(size) > 8 {
            return None;
        }
        let goes_on = line.text.trim_start().starts_with(char::is_lowercase)
            && !before.text.trim_end().ends_with(['.', ':', ';', '!', '?']);
        let is_divided = before.text.ends_with(['-', '\u{AD}', '\u{2010}'])
            && line.text.starts_with(char::is_lowercase);
        if is_divided && step <= usual * 2.0 {
            return Some(' ');
        }
        if step <= 0.0 {
            // The next column continues the sentence.
            return goes_on.then_some(' ');
        }
        if step > usual * PARAGRAPH_GAP {
            return None;
        }
        let edge = self
            .edges
            .get(&column(before))
            .copied()
            .unwrap_or(before.right);
        let word = line
            .text
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .chars()
            .count();
        let chars = line.text.chars().count().max(1);
        #[expect(clippy::cast_precision_loss, reason = "lines are short")]
        let word_width = (line.right - line.left) * word as f64 / chars as f64;
        let full = before.right + word_width + before.size * 0.2 > edge;
        // Joins ragged lines if the next one continues in the middle of a sentence.
        let broad = before.right - before.left > (edge - before.left) * BROAD_LINE;
        Some(if full || (broad && goes_on) {
            ' '
        } else {
            '\n'
        })
    }
}

/// The right edge of a column: a few lines of a wider part may begin where it does.
fn edge(mut rights: Vec<f64>) -> f64 {
    rights.sort_by(f64::total_cmp);
    let last = rights.len() - rights.len() / 5;
    rights
        .get(last.saturating_sub(1))
        .copied()
        .unwrap_or(f64::MAX)
}

fn column(line: &Segment) -> i64 {
    whole(line.left / 6.0)
}

pub(super) fn tenths(size: f64) -> i64 {
    whole(size * 10.0)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and sizes are small"
)]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "sizes are small")]
pub(super) fn to_points(tenths: i64) -> f64 {
    tenths as f64 / 10.0
}
