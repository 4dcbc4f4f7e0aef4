//! Puts the segments of a page in reading order: columns one after the other, tables row by row.
//!
//! A gutter is an upright strip without text between segments on both sides. The gutter with most
//! lines beside it divides a region; the parts above, below and on both sides are divided further.

use super::direction;
use super::grid::Grid;
use super::gutter::{same_line, widest};
use super::segments::Segment;
use super::sheet::Rule;
use super::tables;
use crate::domain::text::opens_list_item;

/// The most segments of a region that are searched for gutters.
const MOST_SEGMENTS: usize = 6_000;
const DEEPEST: usize = 24;

/// A part of a page in reading order.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Line(Segment),
    Table(Grid),
}

impl Piece {
    pub(super) fn is_doubtful(&self) -> bool {
        match self {
            Self::Line(line) => line.doubtful,
            Self::Table(grid) => !grid.doubtful.is_empty(),
        }
    }

    /// Marks the lines that mislead, and the rows that contain such a line, as doubtful. Returns the number of
    /// doubtful lines and rows.
    pub(super) fn doubt(&mut self, misleads: impl Fn(&str) -> bool) -> usize {
        match self {
            Self::Line(line) => {
                line.doubtful |= misleads(&line.text);
                usize::from(line.doubtful)
            }
            Self::Table(grid) => {
                grid.doubt(misleads);
                grid.doubtful.len()
            }
        }
    }

    /// The number of lines and rows.
    pub(super) fn height(&self) -> usize {
        match self {
            Self::Line(_) => 1,
            Self::Table(grid) => grid.rows.len(),
        }
    }

    /// The lines of text, in reading order.
    pub(super) fn lines(&self) -> Vec<&str> {
        match self {
            Self::Line(line) => vec![line.text.as_str()],
            Self::Table(grid) => grid.lines().collect(),
        }
    }

    /// Turns the edges of a line that is written from right to left around, so that every line
    /// begins at its left edge.
    pub(super) fn mirror(&mut self) {
        if let Self::Line(line) = self
            && direction::is_right_to_left(&line.text)
        {
            (line.left, line.right) = (-line.right, -line.left);
        }
    }

    pub(super) fn lines_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Line(line) => vec![&mut line.text],
            Self::Table(grid) => grid.lines_mut().collect(),
        }
    }

    /// Whether a sentence may go on after the piece.
    pub(super) fn ends_open(&self) -> bool {
        match self {
            Self::Line(line) => !line
                .text
                .trim_end()
                .ends_with(['.', '!', '?', ':', '。', '।', '؟']),
            Self::Table(_) => false,
        }
    }

    pub(super) fn is_list_item(&self) -> bool {
        self.line().is_some_and(|line| opens_list_item(&line.text))
    }

    /// The line, if the piece is one.
    pub(super) fn line(&self) -> Option<&Segment> {
        match self {
            Self::Line(line) => Some(line),
            Self::Table(_) => None,
        }
    }

    /// The number of bytes of text.
    pub(super) fn len(&self) -> usize {
        self.lines().iter().map(|line| line.len()).sum()
    }
}

/// Arranges segments that ascend by y.
pub(super) fn arrange(segments: Vec<Segment>, rules: &[Rule]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    divide(segments, rules, 0, &mut pieces);
    pieces
}

fn divide(segments: Vec<Segment>, rules: &[Rule], depth: usize, pieces: &mut Vec<Piece>) {
    let gutter = if depth < DEEPEST && segments.len() <= MOST_SEGMENTS {
        widest(&segments, rules)
    } else {
        None
    };
    let Some(gutter) = gutter else {
        pieces.extend(joined(segments).into_iter().map(Piece::Line));
        return;
    };
    let (above, rest): (Vec<_>, Vec<_>) = segments.into_iter().partition(|s| s.y < gutter.top);
    let (within, mut below): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|s| s.y <= gutter.bottom);
    divide(above, rules, depth + 1, pieces);
    if let Some((grid, after)) = tables::read(&within, &gutter, rules) {
        pieces.push(Piece::Table(grid));
        below.extend(after);
        below.sort_by(Segment::by_place);
    } else {
        for column in gutter.columns(within) {
            divide(column, rules, depth + 1, pieces);
        }
    }
    divide(below, rules, depth + 1, pieces);
}

/// Joins the segments of each line.
fn joined(segments: Vec<Segment>) -> Vec<Segment> {
    let mut lines: Vec<Segment> = Vec::new();
    for segment in segments {
        if let Some(last) = lines.last_mut()
            && same_line(last, &segment)
            && segment.left >= last.right - last.size * 0.5
        {
            let gap = (segment.left - last.right) / last.size.max(1.0);
            last.text.push(if gap > 0.9 { '\t' } else { ' ' });
            last.text.push_str(&segment.text);
            last.right = last.right.max(segment.right);
            last.doubtful |= segment.doubtful;
        } else {
            lines.push(segment);
        }
    }
    lines
}
