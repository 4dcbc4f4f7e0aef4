//! Puts the segments of a page in reading order: columns one after the other, tables row by row.
//!
//! A gutter is an upright strip without text between segments on both sides. The gutter with most
//! lines beside it divides a region; the parts above, below and on both sides are divided further.

use super::direction;
use super::page::Rule;
use super::segments::Segment;
use super::tables::{self, Grid};
use crate::domain::text::opens_list_item;

/// A gutter is at least this share of the type size wide, unless a rule runs in it.
const NARROWEST: f64 = 0.6;
/// Blank space this many times as high as the type ends a gutter.
const HIGHEST_BLANK: f64 = 7.0;
/// The lines under a shorter column belong to it if they are this near, in type sizes.
const NEAR: f64 = 2.0;
/// Left edges this near, in type sizes, are aligned.
const ALIGNED: f64 = 0.6;
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
        matches!(self, Self::Line(line) if opens_list_item(&line.text))
    }

    /// The number of bytes of text.
    pub(super) fn len(&self) -> usize {
        self.lines().iter().map(|line| line.len()).sum()
    }
}

/// An upright strip without text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gutter {
    pub(super) left: f64,
    pub(super) right: f64,
    top: f64,
    bottom: f64,
    /// The lines on the side with fewer of them.
    lines: usize,
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
    let table = if gutter.is_drawn_by_column(&within) {
        tables::read_ruled(&within, &gutter, rules)
    } else {
        tables::read(&within, &gutter, rules)
    };
    if let Some((grid, after)) = table {
        pieces.push(Piece::Table(grid));
        below.extend(after);
        below.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.left.total_cmp(&b.left)));
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

pub(super) fn same_line(a: &Segment, b: &Segment) -> bool {
    (a.y - b.y).abs() < a.size.max(b.size) * 0.4
}

/// Finds the gutter with most lines beside it.
fn widest(segments: &[Segment], rules: &[Rule]) -> Option<Gutter> {
    let mut best: Option<Gutter> = None;
    let mut tried: Vec<Gutter> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let Some(next) = right_neighbour(segments, at) else {
            continue;
        };
        let known = tried.iter().any(|gutter| {
            gutter.top <= segment.y
                && segment.y <= gutter.bottom
                && gutter.left >= segment.right - 0.1
                && gutter.right <= next.left + 0.1
        });
        if known {
            continue;
        }
        let Some(gutter) = extend(segments, at, segment.right, next.left, rules) else {
            continue;
        };
        tried.push(gutter);
        let better = best.is_none_or(|best| {
            let width = |gutter: &Gutter| gutter.right - gutter.left;
            (gutter.lines, width(&gutter)) > (best.lines, width(&best))
        });
        if better {
            best = Some(gutter);
        }
    }
    best
}

fn right_neighbour(segments: &[Segment], at: usize) -> Option<&Segment> {
    let segment = segments.get(at)?;
    let near = |other: &&Segment| {
        (other.y - segment.y).abs() < segment.size && other.left >= segment.right - 0.5
    };
    let after = segments
        .iter()
        .skip(at + 1)
        .take_while(|other| other.y - segment.y < segment.size);
    let before = segments
        .iter()
        .take(at)
        .rev()
        .take_while(|other| segment.y - other.y < segment.size);
    after
        .chain(before)
        .filter(near)
        .min_by(|a, b| a.left.total_cmp(&b.left))
}

fn has_rule(rules: &[Rule], left: f64, right: f64, y: f64) -> bool {
    rules.iter().any(|rule| {
        (rule.from.x - rule.to.x).abs() < 1.0
            && rule.from.x > left - 2.0
            && rule.from.x < right + 2.0
            && rule.from.y.min(rule.to.y) < y + 1.0
            && rule.from.y.max(rule.to.y) > y - 1.0
    })
}

/// Lets a strip grow up and down until text crosses it.
fn extend(
    segments: &[Segment],
    at: usize,
    left: f64,
    right: f64,
    rules: &[Rule],
) -> Option<Gutter> {
    let start = segments.get(at)?;
    let has_rule = has_rule(rules, left, right, start.y);
    let narrowest = if has_rule {
        0.5
    } else {
        start.size * NARROWEST
    };
    if right - left < narrowest {
        return None;
    }
    let mut gutter = Gutter {
        left,
        right,
        top: start.y,
        bottom: start.y,
        lines: 0,
    };
    for segment in segments.iter().skip(at + 1) {
        if segment.y - gutter.bottom > start.size * HIGHEST_BLANK
            || !gutter.passes(segment, narrowest)
        {
            break;
        }
        gutter.bottom = segment.y;
    }
    for segment in segments.iter().take(at).rev() {
        if gutter.top - segment.y > start.size * HIGHEST_BLANK || !gutter.passes(segment, narrowest)
        {
            break;
        }
        gutter.top = segment.y;
    }
    gutter.trim(segments, has_rule)
}

impl Gutter {
    /// Makes room for a segment beside the strip, if it can.
    fn passes(&mut self, segment: &Segment, narrowest: f64) -> bool {
        if segment.right <= self.left || segment.left >= self.right {
            return true;
        }
        if segment.left <= self.left && self.right - segment.right >= narrowest {
            self.left = segment.right;
            return true;
        }
        if segment.right >= self.right && segment.left - self.left >= narrowest {
            self.right = segment.left;
            return true;
        }
        false
    }

    fn is_left(&self, segment: &Segment) -> bool {
        segment.right <= f64::midpoint(self.left, self.right)
    }

    /// Divides segments into two columns in reading order.
    fn columns(&self, segments: Vec<Segment>) -> [Vec<Segment>; 2] {
        let backward = |s: &&Segment| direction::is_right_to_left(&s.text);
        let from_the_right = segments.iter().filter(backward).count() * 2 > segments.len();
        let middle = f64::midpoint(self.left, self.right);
        let (left, right) = segments.into_iter().partition(|s| s.left < middle);
        if from_the_right {
            [right, left]
        } else {
            [left, right]
        }
    }

    /// Whether the file draws all of one side before the other, as programs do with columns of
    /// running text.
    fn is_drawn_by_column(&self, segments: &[Segment]) -> bool {
        let orders = |left: bool| {
            let side = segments.iter().filter(move |s| self.is_left(s) == left);
            side.filter_map(|s| s.order)
        };
        let drawn = orders(true).next().is_some() && orders(false).next().is_some();
        let before = |left: bool| orders(left).max() < orders(!left).min();
        drawn && (before(true) || before(false))
    }

    /// Ends the strip where only one side goes on, and counts the lines beside it.
    fn trim(mut self, segments: &[Segment], ruled: bool) -> Option<Self> {
        let beside: Vec<&Segment> = segments
            .iter()
            .filter(|s| s.y >= self.top && s.y <= self.bottom)
            .collect();
        let edge = |left: bool, mut of: Box<dyn Iterator<Item = &&Segment> + '_>| {
            of.find(|s| self.is_left(s) == left).map(|s| s.y)
        };
        let right_top = edge(false, Box::new(beside.iter()))?;
        let left_top = edge(true, Box::new(beside.iter()))?;
        let right_bottom = edge(false, Box::new(beside.iter().rev()))?;
        let left_bottom = edge(true, Box::new(beside.iter().rev()))?;
        let size = beside.first().map_or(1.0, |s| s.size);
        // Lines above the other column are read first, on whichever side they are.
        self.top = left_top.max(right_top) - size * 0.5;
        let last = left_bottom.min(right_bottom);
        self.bottom = beside.iter().filter(|s| s.y > last).fold(last, |end, s| {
            if s.y - end < s.size * NEAR { s.y } else { end }
        }) + size * 0.01;
        let within = || {
            beside
                .iter()
                .filter(|s| s.y >= self.top && s.y <= self.bottom)
        };
        let left = within().filter(|s| self.is_left(s)).count();
        let right: Vec<f64> = within()
            .filter(|s| !self.is_left(s))
            .map(|s| s.left)
            .collect();
        self.lines = left.min(right.len());
        // A river of wide spaces in a justified paragraph has ragged banks.
        let straight = self.lines >= 6 || ruled || aligned(&right, size);
        (self.lines >= 2 && straight).then_some(self)
    }
}

fn aligned(edges: &[f64], size: f64) -> bool {
    let near = |edge: f64| {
        edges
            .iter()
            .filter(|other| (**other - edge).abs() < size * ALIGNED)
            .count()
    };
    let most = edges.iter().map(|edge| near(*edge)).max().unwrap_or(0);
    most * 10 >= edges.len() * 7
}
