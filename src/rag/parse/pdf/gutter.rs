//! Upright strips without text, which separate columns and cells.

use super::direction;
use super::segments::Segment;
use super::sheet::Rule;

/// A gutter is at least this share of the type size wide, unless a rule runs in it.
const NARROWEST: f64 = 0.6;
/// Blank space this many times as high as the type ends a gutter.
const HIGHEST_BLANK: f64 = 7.0;
/// The lines under a shorter column belong to it if they are this near, in type sizes.
const NEAR: f64 = 2.0;
/// Left edges this near, in type sizes, are aligned.
const ALIGNED: f64 = 0.6;

/// An upright strip without text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gutter {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// The lines on the side with fewer of them.
    lines: usize,
}

pub(super) fn same_line(a: &Segment, b: &Segment) -> bool {
    (a.y - b.y).abs() < a.size.max(b.size) * 0.4
}

/// Finds the gutter with most lines beside it.
pub(super) fn widest(segments: &[Segment], rules: &[Rule]) -> Option<Gutter> {
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
    pub(super) fn columns(&self, segments: Vec<Segment>) -> [Vec<Segment>; 2] {
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
    pub(super) fn is_drawn_by_column(&self, segments: &[Segment]) -> bool {
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
