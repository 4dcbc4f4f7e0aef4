//! Joins glyphs into segments: pieces of a line without a gap as wide as one between columns.
//!
//! Glyphs keep the order of the file inside a run, because it is the order of the letters in
//! scripts whose marks overlap. Runs are ordered by their position, because a file may draw them in
//! any order.

use std::collections::BTreeMap;

use hayro_interpret::kurbo::{Point, Vec2};

use super::characters;
use super::direction;
use super::runs::{COLUMN_GAP, RAISED_SIZE, Run, lines};
use super::sheet::{Glyph, Rule};
use crate::domain::text::opens_list_item;
use crate::rag::parse::shift::Shift;

/// Shares of the type size. A gap this wide is a space.
const SPACE_GAP: f64 = 0.12;
/// Between digits a narrower gap may or may not be a space.
const DIGIT_GAP: f64 = 0.18;
/// A rule in a gap this wide separates cells; no rule parts the letters of a word.
const RULE_GAP: f64 = 0.08;
/// A gap up to this wide stands between the mark of a list item and its text.
const MARKER_GAP: f64 = 5.0;
/// A small figure that stands this much higher than the line is raised.
const RAISED_STEP: f64 = 0.15;
/// Two equal glyphs this near are one, drawn twice to look bold.
const TWICE: f64 = 0.15;

/// A piece of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    pub(super) text: String,
    pub(super) left: f64,
    pub(super) right: f64,
    /// The baseline; y grows downwards.
    pub(super) y: f64,
    /// The type size of most of the segment.
    pub(super) size: f64,
    pub(super) is_bold: bool,
    /// The position of its first glyph in the file; `None` for fields and notes.
    pub(super) order: Option<usize>,
    /// Whether a character or a number of it may be another one.
    pub(super) doubtful: bool,
}

impl Segment {
    /// Orders segments from top to bottom, and from left to right.
    pub(super) fn by_place(&self, other: &Self) -> std::cmp::Ordering {
        self.y
            .total_cmp(&other.y)
            .then(self.left.total_cmp(&other.left))
    }
}

/// The segments of all lines that run in one direction, and the rules of the page turned alike.
pub(super) struct Turned {
    pub(super) segments: Vec<Segment>,
    pub(super) rules: Vec<Rule>,
    /// The number of characters in the segments.
    pub(super) chars: usize,
}

/// Returns the segments by the direction of their lines, the usual direction first.
pub(super) fn by_direction(glyphs: Vec<Glyph>, rules: &[Rule]) -> Vec<Turned> {
    let mut turned: BTreeMap<i32, Vec<Glyph>> = BTreeMap::new();
    for glyph in glyphs {
        turned.entry(glyph.angle).or_default().push(glyph);
    }
    let mut all: Vec<Turned> = turned
        .into_iter()
        .map(|(angle, mut glyphs)| {
            let along = Vec2::from_angle(f64::from(angle).to_radians());
            let place = |p: Point| Point::new(along.dot(p.to_vec2()), along.cross(p.to_vec2()));
            for glyph in &mut glyphs {
                glyph.origin = place(glyph.origin);
            }
            let rules: Vec<Rule> = rules
                .iter()
                .map(|rule| Rule {
                    from: place(rule.from),
                    to: place(rule.to),
                })
                .collect();
            let segments = segments(&glyphs, &rules);
            let chars = segments.iter().map(|s| s.text.chars().count()).sum();
            Turned {
                segments,
                rules,
                chars,
            }
        })
        .filter(|turned| turned.chars > 0)
        .collect();
    all.sort_by_key(|turned| std::cmp::Reverse(turned.chars));
    all
}

fn segments(glyphs: &[Glyph], rules: &[Rule]) -> Vec<Segment> {
    let rules = Upright::of(rules);
    let mut segments = Vec::new();
    for line in lines(glyphs) {
        segments.extend(cut(&line, &rules));
    }
    segments.sort_by(Segment::by_place);
    segments
}

/// The upright rules of a page, which separate cells however near their text is.
struct Upright(Vec<(f64, f64, f64)>);

impl Upright {
    fn of(rules: &[Rule]) -> Self {
        let mut upright: Vec<(f64, f64, f64)> = rules
            .iter()
            .filter(|rule| (rule.from.x - rule.to.x).abs() < 1.0)
            .map(|rule| {
                let (top, bottom) = (rule.from.y.min(rule.to.y), rule.from.y.max(rule.to.y));
                (rule.from.x, top, bottom)
            })
            .collect();
        upright.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self(upright)
    }

    fn separate(&self, from: f64, to: f64, y: f64) -> bool {
        let first = self.0.partition_point(|rule| rule.0 < from - 1.0);
        let near = self.0.iter().skip(first);
        near.take_while(|rule| rule.0 <= to + 1.0)
            .any(|(_, top, bottom)| *top < y && y < bottom + 1.0)
    }
}

/// Cuts a line, whose runs ascend by position, at the gaps between columns.
fn cut(line: &[Run<'_>], rules: &Upright) -> Vec<Segment> {
    let mut glyphs: Vec<&Glyph> = Vec::new();
    let mut pieces: Vec<Vec<&Glyph>> = Vec::new();
    let size = line.iter().map(|run| run.size).fold(1.0, f64::max);
    let mut right: Option<f64> = None;
    for glyph in line.iter().flat_map(|run| run.glyphs.iter().copied()) {
        let is_blank = glyph.text.trim().is_empty();
        if let Some(end) = right
            && !is_blank
        {
            let gap = glyph.origin.x - end;
            let apart = (gap > size * COLUMN_GAP
                && !(gap < size * MARKER_GAP && is_marker(&glyphs)))
                || (gap > size * RULE_GAP
                    && rules.separate(end, glyph.origin.x, glyph.origin.y - size * 0.3));
            if apart {
                pieces.push(std::mem::take(&mut glyphs));
            }
        }
        if is_twice(&glyphs, glyph) {
            continue;
        }
        glyphs.push(glyph);
        if !is_blank {
            let end = glyph.origin.x + glyph.advance;
            right = Some(right.map_or(end, |before| before.max(end)));
        }
    }
    pieces.push(glyphs);
    pieces.iter().filter_map(|piece| segment(piece)).collect()
}

/// Whether glyphs are the mark of a list item.
fn is_marker(glyphs: &[&Glyph]) -> bool {
    let mark: String = glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
    let mark = mark.trim();
    mark.chars().count() <= 4
        && (opens_list_item(&format!("{mark} x")) || mark.chars().all(characters::is_bullet))
}

fn is_twice(before: &[&Glyph], glyph: &Glyph) -> bool {
    before.iter().rev().take(4).any(|other| {
        other.text == glyph.text
            && (other.origin.x - glyph.origin.x).abs()
                < (glyph.size * TWICE).min(glyph.advance * 0.5)
            && (other.origin.y - glyph.origin.y).abs() < glyph.size * TWICE
            && !glyph.text.trim().is_empty()
            && !glyph.text.contains(characters::UNKNOWN)
    })
}

fn segment(glyphs: &[&Glyph]) -> Option<Segment> {
    let seen: Vec<&Glyph> = glyphs
        .iter()
        .copied()
        .skip_while(|glyph| glyph.text.trim().is_empty())
        .collect();
    let first = seen.first()?;
    let body = usual_size(&seen);
    let mut writer = Writer {
        segment: Segment {
            left: first.origin.x,
            right: first.origin.x,
            y: seen
                .iter()
                .find(|g| (g.size - body).abs() < 0.1)
                .map_or(first.origin.y, |g| g.origin.y),
            size: body,
            order: first.order,
            is_bold: seen.iter().filter(|g| g.is_bold).count() * 2 > seen.len(),
            ..Segment::default()
        },
        tracking: tracking(&seen),
        cells: Vec::new(),
        previous: None,
    };
    for glyph in seen {
        writer.add(glyph);
    }
    let Writer {
        mut segment, cells, ..
    } = writer;
    segment.text = direction::logical(&cells);
    segment.text.truncate(segment.text.trim_end().len());
    (!segment.text.is_empty()).then_some(segment)
}

fn usual_size(glyphs: &[&Glyph]) -> f64 {
    let mut sizes: Vec<f64> = glyphs.iter().map(|g| g.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(1.0)
}

/// The extra space between all letters of a widely set word, as a share of the type size.
fn tracking(glyphs: &[&Glyph]) -> f64 {
    let letters = |glyph: &Glyph| glyph.text.chars().all(char::is_alphabetic);
    let mut gaps: Vec<f64> = glyphs
        .iter()
        .zip(glyphs.iter().skip(1))
        .filter(|(a, b)| letters(a) && letters(b))
        .map(|(a, b)| (b.origin.x - a.origin.x - a.advance) / a.size.max(1.0))
        .collect();
    gaps.sort_by(f64::total_cmp);
    let narrow = gaps.get(gaps.len() / 4).copied().unwrap_or(0.0);
    if gaps.len() >= 4 && narrow > 0.03 {
        narrow.min(0.6)
    } else {
        0.0
    }
}

/// Writes the text of a segment.
struct Writer<'a> {
    segment: Segment,
    tracking: f64,
    /// The text of each glyph, and the spaces between them.
    cells: Vec<String>,
    previous: Option<&'a Glyph>,
}

impl<'a> Writer<'a> {
    fn add(&mut self, glyph: &'a Glyph) {
        let segment = &mut self.segment;
        if let Some(previous) = self.previous {
            let unit = glyph.size.max(previous.size).max(1.0);
            let gap = (glyph.origin.x - segment.right) / unit - self.tracking;
            let blank = |text: &str| text.trim().is_empty();
            if gap > SPACE_GAP && !blank(&previous.text) && !blank(&glyph.text) {
                let digit = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
                let in_number = digit(&previous.text) && digit(&glyph.text);
                segment.doubtful |= in_number && gap < DIGIT_GAP;
                self.cells.push(" ".to_owned());
            }
        }
        let is_blank = glyph.text.trim().is_empty();
        if is_blank && self.cells.last().is_some_and(|cell| cell == " ") {
            return;
        }
        self.cells.push(self.shifted(glyph));
        // A space that is as wide as the rest of the line ends where the next glyph begins.
        if !is_blank {
            let end = glyph.origin.x + glyph.advance;
            self.segment.right = self.segment.right.max(end);
        }
        self.previous = Some(glyph);
    }

    /// Keeps raised and lowered figures apart from the figures of the line.
    fn shifted(&self, glyph: &Glyph) -> String {
        let is_figure = !glyph.text.is_empty() && glyph.text.bytes().all(|b| b.is_ascii_digit());
        let small = glyph.size < self.segment.size * RAISED_SIZE;
        let step = (self.segment.y - glyph.origin.y) / self.segment.size.max(1.0);
        if !is_figure || !small {
            return glyph.text.clone();
        }
        if step > RAISED_STEP {
            Shift::Up.of_figures(&glyph.text)
        } else if step < -0.08 {
            Shift::Down.of_figures(&glyph.text)
        } else {
            glyph.text.clone()
        }
    }
}
