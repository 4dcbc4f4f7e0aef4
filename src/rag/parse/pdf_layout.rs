//! Joins glyphs into lines, and lines into paragraphs.
//!
//! Lengths are in points, and y grows upwards. Lines keep the order of the content stream, which is
//! the reading order in files of office programs.

use std::collections::{BTreeMap, HashMap};

use pdf_extract::{MediaBox, OutputDev, OutputError, Transform};

use super::builder::{Builder, PAGE_MARK};
use super::pdf_glyphs;
use super::pdf_legible::with_plain_bullets;
use super::{BlockKind, ParseError};
use crate::domain::text::opens_list_item;

/// Shares of the type size. A gap this wide is a space; a step this high starts another line.
const SPACE_GAP: f64 = 0.1;
/// Between digits a narrower gap may or may not be a space.
const DIGIT_GAP: f64 = 0.18;
/// A gap this wide separates columns.
const COLUMN_GAP: f64 = 0.8;
const LINE_STEP: f64 = 0.5;
/// Type this much larger than the body's is a heading.
const HEADING_RATIO: f64 = 1.15;
const MAX_HEADING_CHARS: usize = 150;
/// A line distance this much larger than the usual one starts a paragraph.
const PARAGRAPH_GAP: f64 = 1.3;
/// A line of at least this share of the column's width may be wrapped.
const BROAD_LINE: f64 = 0.7;
/// Headings further apart than this share of their size are separate.
const HEADING_LEADING: f64 = 1.45;

/// A line of text and its position on the page.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    left: f64,
    right: f64,
    y: f64,
    /// The type size of most of the line; list labels and first letters may be larger.
    size: f64,
    /// The lead of that size in the vote.
    votes: usize,
    /// Set if a gap between digits may or may not be a space.
    pub(super) doubtful: bool,
}

impl Line {
    /// Adds white space for a gap, measured as a share of the type size, before `next`.
    fn part(&mut self, gap: f64, next: &str) {
        if gap <= SPACE_GAP {
            return;
        }
        let is_digit = |c: char| c.is_ascii_digit();
        let in_number = self.text.ends_with(is_digit) && next.starts_with(is_digit);
        self.doubtful |= in_number && gap < DIGIT_GAP;
        self.text.push(if gap < COLUMN_GAP { ' ' } else { '\t' });
    }

    /// Majority vote (Boyer and Moore).
    fn vote(&mut self, size: f64) {
        if tenths(size) == tenths(self.size) {
            self.votes += 1;
        } else if self.votes == 0 {
            self.size = size;
            self.votes = 1;
        } else {
            self.votes -= 1;
        }
    }
}

/// Collects the text that the extractor shows.
#[derive(Default)]
pub(super) struct Glyphs {
    lines: Vec<Line>,
    word_begins: bool,
}

impl Glyphs {
    pub(super) fn into_lines(self) -> Vec<Line> {
        let plain = |mut line: Line| {
            if let Some(text) = with_plain_bullets(&line.text) {
                line.text = text;
            }
            line
        };
        self.lines
            .into_iter()
            .map(plain)
            .filter(|line| line.text.chars().any(|c| !c.is_whitespace()))
            .collect()
    }

    fn show(&mut self, left: f64, y: f64, width: f64, size: f64, text: &str) {
        let first_of_word = std::mem::replace(&mut self.word_begins, false);
        let right = left + width;
        if let Some(line) = self.lines.last_mut() {
            let unit = if size > 0.0 { size } else { 1.0 };
            let same_line =
                (y - line.y).abs() < unit.max(line.size) * LINE_STEP && left > line.left - unit;
            if same_line {
                if first_of_word {
                    line.part((left - line.right) / unit, text);
                }
                pdf_glyphs::push(&mut line.text, text);
                line.vote(size);
                line.right = line.right.max(right);
                return;
            }
        }
        let mut line = Line {
            left,
            right,
            y,
            size,
            votes: 1,
            ..Line::default()
        };
        pdf_glyphs::push(&mut line.text, text);
        self.lines.push(line);
    }
}

impl OutputDev for Glyphs {
    fn begin_page(
        &mut self,
        _page: u32,
        _media_box: &MediaBox,
        _art_box: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        transform: &Transform,
        width: f64,
        _spacing: f64,
        font_size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        let scale_x = transform.m11.hypot(transform.m12);
        let scale_y = transform.m21.hypot(transform.m22);
        self.show(
            transform.m31,
            transform.m32,
            width * font_size * scale_x,
            (font_size * scale_y).abs(),
            text,
        );
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        self.word_begins = true;
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

/// Adds all pages.
pub(super) fn push_pages(builder: &mut Builder, pages: &[Vec<Line>]) -> Result<(), ParseError> {
    let sizes = HeadingSizes::of(pages);
    let mut writer = Writer {
        builder,
        paragraph: String::new(),
        kind: BlockKind::Paragraph,
    };
    writer.builder.start_pages();
    for (at, page) in pages.iter().enumerate() {
        if at > 0 {
            writer.turn_page(page.first(), &sizes)?;
        }
        let shape = PageShape::of(page);
        let mut previous: Option<&Line> = None;
        for line in page {
            writer.line(previous, line, &shape, &sizes)?;
            previous = Some(line);
        }
    }
    writer.flush()
}

struct Writer<'a> {
    builder: &'a mut Builder,
    paragraph: String,
    kind: BlockKind,
}

impl Writer<'_> {
    fn line(
        &mut self,
        previous: Option<&Line>,
        line: &Line,
        shape: &PageShape,
        sizes: &HeadingSizes,
    ) -> Result<(), ParseError> {
        let kind = sizes.kind(line);
        let continues_page = previous.is_none() && self.paragraph.ends_with(PAGE_MARK);
        let is_heading = matches!(kind, BlockKind::Heading(_));
        let joint = match previous {
            Some(before) if is_heading && before.y - line.y > line.size * HEADING_LEADING => None,
            Some(before) => shape.joint(before, line),
            None if continues_page => Some(' '),
            None => None,
        };
        let was_heading = matches!(self.kind, BlockKind::Heading(_));
        let same_kind = was_heading == is_heading && (!is_heading || self.kind == kind);
        match joint {
            Some(joint)
                if same_kind && kind != BlockKind::ListItem && !self.paragraph.is_empty() =>
            {
                self.paragraph.push(joint);
            }
            _ => {
                self.flush()?;
                self.kind = kind;
            }
        }
        self.paragraph.push_str(line.text.trim());
        Ok(())
    }

    /// Keeps a sentence that continues on the next page in one paragraph.
    fn turn_page(&mut self, next: Option<&Line>, sizes: &HeadingSizes) -> Result<(), ParseError> {
        let goes_on = next.is_some_and(|line| {
            line.text.trim().starts_with(char::is_lowercase)
                && sizes.kind(line) == BlockKind::Paragraph
        });
        let open = !matches!(self.kind, BlockKind::Heading(_))
            && self
                .paragraph
                .ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '-' | '–'));
        if goes_on && open {
            self.paragraph.push(PAGE_MARK);
            return Ok(());
        }
        self.flush()?;
        self.builder.break_page();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ParseError> {
        let paragraph = std::mem::take(&mut self.paragraph);
        self.builder.push(self.kind, &paragraph)
    }
}

/// The heading level of each type size, in tenths of a point.
struct HeadingSizes(BTreeMap<i64, u8>);

impl HeadingSizes {
    fn of(pages: &[Vec<Line>]) -> Self {
        let mut weights: BTreeMap<i64, usize> = BTreeMap::new();
        for line in pages.iter().flatten() {
            *weights.entry(tenths(line.size)).or_default() += line.text.chars().count();
        }
        let body = weights
            .iter()
            .max_by_key(|(_, weight)| **weight)
            .map_or(0, |(size, _)| *size);
        let smallest = to_points(body) * HEADING_RATIO;
        let levels = weights
            .keys()
            .rev()
            .filter(|size| body > 0 && to_points(**size) > smallest)
            .zip(1_u8..=6)
            .map(|(size, level)| (*size, level))
            .collect();
        Self(levels)
    }

    fn kind(&self, line: &Line) -> BlockKind {
        let short = line.text.chars().count() <= MAX_HEADING_CHARS;
        match self.0.get(&tenths(line.size)) {
            Some(level) if short => BlockKind::Heading(*level),
            _ if opens_list_item(&line.text) => BlockKind::ListItem,
            _ => BlockKind::Paragraph,
        }
    }
}

/// The usual position of lines on a page.
struct PageShape {
    /// The usual distance between lines by type size in tenths.
    leading: HashMap<i64, f64>,
    /// The right edge of lines with the same start, by left edge in steps of 6 points.
    edges: HashMap<i64, f64>,
}

impl PageShape {
    fn of(lines: &[Line]) -> Self {
        let mut distances: HashMap<i64, Vec<f64>> = HashMap::new();
        let mut edges: HashMap<i64, f64> = HashMap::new();
        for (before, line) in lines.iter().zip(lines.iter().skip(1)) {
            let distance = before.y - line.y;
            if distance > 0.0 && tenths(before.size) == tenths(line.size) {
                distances
                    .entry(tenths(line.size))
                    .or_default()
                    .push(distance);
            }
        }
        for line in lines {
            let edge = edges.entry(column(line)).or_insert(line.right);
            *edge = edge.max(line.right);
        }
        let leading = distances
            .into_iter()
            .filter_map(|(size, mut all)| {
                all.sort_by(f64::total_cmp);
                // Takes the lower third, because pages of short paragraphs have many wide gaps.
                all.get(all.len() / 3)
                    .map(|d| (size, d.min(to_points(size) * 1.8)))
            })
            .collect();
        Self { leading, edges }
    }

    /// How a line follows another: in the same paragraph after a space or a line feed, or not at
    /// all.
    fn joint(&self, before: &Line, line: &Line) -> Option<char> {
        let step = before.y - line.y;
        let size = tenths(line.size);
        let usual = self.leading.get(&size).copied().unwrap_or(line.size * 1.2);
        if tenths(before.size).abs_diff(size) > 8 || step <= 0.0 || step > usual * PARAGRAPH_GAP {
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
        let goes_on = broad
            && line.text.trim_start().starts_with(char::is_lowercase)
            && !before.text.trim_end().ends_with(['.', ':', ';', '!', '?']);
        Some(if full || goes_on { ' ' } else { '\n' })
    }
}

fn column(line: &Line) -> i64 {
    whole(line.left / 6.0)
}

fn tenths(size: f64) -> i64 {
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
fn to_points(tenths: i64) -> f64 {
    tenths as f64 / 10.0
}
