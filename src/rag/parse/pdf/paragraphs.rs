//! Joins lines into paragraphs, headings and list items.

use std::collections::BTreeMap;

use super::grid::Grid;
use super::hyphens::Words;
use super::regions::Piece;
use super::segments::Segment;
use super::shape::{PageShape, tenths, to_points};
use crate::domain::text::opens_list_item;
use crate::rag::parse::builder::{Builder, PAGE_MARK};
use crate::rag::parse::table::{Cell, Row, Table};
use crate::rag::parse::{BlockKind, ParseError};

/// Type this much larger than the body's is a heading.
const HEADING_RATIO: f64 = 1.15;
const MAX_HEADING_CHARS: usize = 150;
const MAX_BOLD_HEADING_CHARS: usize = 90;
/// Headings further apart than this share of their size are separate.
const HEADING_LEADING: f64 = 1.45;
/// The lowest level of headings.
const LOWEST_LEVEL: u8 = 6;

/// Adds all pages. The last pieces of each page, as many as `furniture` says, are its headers and
/// footers.
pub(super) fn push_pages(
    builder: &mut Builder,
    pages: &[Vec<Piece>],
    furniture: &[usize],
) -> Result<(), ParseError> {
    let pieces = || pages.iter().flatten();
    let words = Words::of(pieces());
    let kinds = Kinds::of(pieces().filter_map(Piece::line));
    let mut writer = Writer {
        builder,
        words: &words,
        kinds: &kinds,
        paragraph: String::new(),
        kind: BlockKind::Paragraph,
        depth: 0,
        table: None,
        behind: Vec::new(),
        doubtful: false,
        unsaid: None,
    };
    writer.builder.start_pages();
    for (at, page) in pages.iter().enumerate() {
        let behind = furniture.get(at).copied().unwrap_or(0);
        let (body, behind) = page.split_at(page.len().saturating_sub(behind));
        if at > 0 {
            writer.turn_page(body.first())?;
        }
        writer.page(body)?;
        let behind = behind.iter().filter(|piece| !piece.is_doubtful());
        writer.behind.extend(behind.flat_map(Piece::lines));
    }
    writer.flush()
}

struct Writer<'a> {
    builder: &'a mut Builder,
    words: &'a Words,
    kinds: &'a Kinds,
    paragraph: String,
    kind: BlockKind,
    depth: usize,
    /// A table that may go on on the next page.
    table: Option<OpenTable<'a>>,
    /// Headers and footers that wait for the end of a sentence or a table.
    behind: Vec<&'a str>,
    /// Whether the paragraph or the table has a doubtful line.
    doubtful: bool,
    /// The part that stands under a doubtful block.
    unsaid: Option<Unsaid>,
}

struct OpenTable<'a> {
    table: Table,
    /// Its part on its first page.
    first: &'a Grid,
    /// The pages that end in it.
    pages: usize,
}

/// The blocks that mean something else without the doubtful block above them.
#[derive(Clone, Copy)]
enum Unsaid {
    /// Everything up to the next heading of this level or above it, or to the end of the page.
    Section(u8),
    /// The list or the table under a paragraph, or the list under an item, at this depth or deeper.
    List(usize),
}

impl Unsaid {
    /// The part that stands under a block.
    fn under(kind: BlockKind, depth: usize) -> Self {
        match kind {
            BlockKind::Heading(level) => Self::Section(level),
            BlockKind::ListItem => Self::List(depth + 1),
            _ => Self::List(0),
        }
    }

    fn contains(self, kind: BlockKind, depth: usize) -> bool {
        match (self, kind) {
            (Self::Section(level), BlockKind::Heading(other)) => other > level,
            (Self::Section(_), _) => true,
            (Self::List(least), BlockKind::ListItem | BlockKind::TableRow) => depth >= least,
            (Self::List(_), _) => false,
        }
    }
}

impl<'a> Writer<'a> {
    fn page(&mut self, body: &'a [Piece]) -> Result<(), ParseError> {
        let shape = PageShape::of(body);
        let mut previous: Option<&Segment> = None;
        for piece in body {
            match piece {
                Piece::Line(line) => {
                    self.line(previous, line, &shape)?;
                    previous = Some(line);
                }
                Piece::Table(grid) => {
                    self.rows(grid)?;
                    previous = None;
                }
            }
        }
        Ok(())
    }

    /// Adds a table, or the rows that continue one from the page before.
    fn rows(&mut self, grid: &'a Grid) -> Result<(), ParseError> {
        // Only the mark of a turned page stands between the parts of one table.
        if self.table.is_none() || self.paragraph.is_empty() {
            self.flush()?;
        }
        // Without its header, no row says to which value it belongs.
        let headed = grid.header().is_some();
        self.doubtful |= headed && grid.doubtful.contains(&0);
        let mut mark = std::mem::take(&mut self.paragraph);
        let turns_page = !mark.is_empty();
        let words = self.words;
        let mut cell = |lines: &Vec<String>| {
            let mut text = std::mem::take(&mut mark);
            for line in lines {
                words.join(&mut text, line, ' ');
            }
            Cell::of(text)
        };
        let open = self.table.get_or_insert_with(|| OpenTable {
            table: Table {
                headers_known: true,
                ..Table::default()
            },
            first: grid,
            pages: 0,
        });
        // The next page may repeat the names of the columns.
        let rows = grid.rows.iter().enumerate();
        for (at, cells) in rows.filter(|(at, _)| !grid.doubtful.contains(at)) {
            open.table.rows.push(Row {
                cells: cells.iter().map(&mut cell).collect(),
                is_header: at == 0 && open.first.header() == Some(cells),
            });
        }
        if mark.is_empty() {
            open.pages += usize::from(turns_page);
        } else {
            // No row is left to begin the page.
            self.builder.break_page();
        }
        Ok(())
    }

    fn line(
        &mut self,
        previous: Option<&Segment>,
        line: &Segment,
        shape: &PageShape,
    ) -> Result<(), ParseError> {
        self.flush_table()?;
        let kind = self.kinds.of_line(line);
        let continues_page = previous.is_none() && self.paragraph.ends_with(PAGE_MARK);
        let is_heading = matches!(kind, BlockKind::Heading(_));
        let joint = match previous {
            Some(before) if is_heading && line.y - before.y > line.size * HEADING_LEADING => None,
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
                self.words
                    .join(&mut self.paragraph, line.text.trim(), joint);
            }
            _ => {
                self.flush()?;
                self.kind = kind;
                self.depth = shape.depth(line);
                self.paragraph.push_str(line.text.trim());
            }
        }
        self.doubtful |= line.doubtful;
        Ok(())
    }

    /// Keeps a sentence or a table that continues on the next page in one piece.
    fn turn_page(&mut self, next: Option<&Piece>) -> Result<(), ParseError> {
        let goes_on = matches!(
            (&self.table, next),
            (Some(open), Some(Piece::Table(grid))) if open.first.goes_on_as(grid)
        );
        if goes_on && self.paragraph.is_empty() {
            self.paragraph.push(PAGE_MARK);
            return Ok(());
        }
        let goes_on = next.and_then(Piece::line).is_some_and(|line| {
            line.text.trim().starts_with(char::is_lowercase)
                && self.kinds.of_line(line) == BlockKind::Paragraph
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
        self.unsaid = (self.unsaid).filter(|part| !matches!(part, Unsaid::Section(_)));
        self.builder.break_page();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ParseError> {
        self.flush_table()?;
        let paragraph = std::mem::take(&mut self.paragraph);
        let pages = paragraph.matches(PAGE_MARK).count();
        if !paragraph.is_empty() && self.is_said(self.kind, self.depth, pages) {
            self.builder.nest(self.depth);
            self.builder.push(self.kind, &paragraph)?;
        }
        for line in std::mem::take(&mut self.behind) {
            self.builder.push(BlockKind::Paragraph, line)?;
        }
        Ok(())
    }

    fn flush_table(&mut self) -> Result<(), ParseError> {
        match self.table.take() {
            Some(open) if self.is_said(BlockKind::TableRow, 0, open.pages) => {
                open.table.write(self.builder)
            }
            _ => Ok(()),
        }
    }

    /// Whether a block is added, rather than left out. So many pages end in it.
    fn is_said(&mut self, kind: BlockKind, depth: usize, pages: usize) -> bool {
        let doubtful = std::mem::take(&mut self.doubtful);
        self.unsaid = self.unsaid.filter(|part| part.contains(kind, depth));
        if doubtful && !matches!(self.unsaid, Some(Unsaid::Section(_))) {
            self.unsaid = Some(Unsaid::under(kind, depth));
        }
        let is_said = !doubtful && self.unsaid.is_none();
        if !is_said {
            for _ in 0..pages {
                self.builder.break_page();
            }
        }
        is_said
    }
}

/// The kinds of lines in a document, by their type.
struct Kinds {
    /// The heading level of each type size, in tenths of a point.
    levels: BTreeMap<i64, u8>,
    /// The level of headings that are only bold; `None` if the body is bold.
    bold: Option<u8>,
}

impl Kinds {
    fn of<'a>(lines: impl Iterator<Item = &'a Segment>) -> Self {
        let mut weights: BTreeMap<i64, usize> = BTreeMap::new();
        let (mut bold, mut all) = (0, 0);
        for line in lines {
            let chars = line.text.chars().count();
            *weights.entry(tenths(line.size)).or_default() += chars;
            all += chars;
            bold += if line.is_bold { chars } else { 0 };
        }
        let body = weights
            .iter()
            .max_by_key(|(_, weight)| **weight)
            .map_or(0, |(size, _)| *size);
        let smallest = to_points(body) * HEADING_RATIO;
        let levels: BTreeMap<i64, u8> = weights
            .keys()
            .rev()
            .filter(|size| body > 0 && to_points(**size) > smallest)
            .zip(1..LOWEST_LEVEL)
            .map(|(size, level)| (*size, level))
            .collect();
        let below = levels.values().max().map_or(1, |level| level + 1);
        Self {
            levels,
            bold: (bold * 3 < all).then_some(below),
        }
    }

    fn of_line(&self, line: &Segment) -> BlockKind {
        let chars = line.text.chars().count();
        match self.levels.get(&tenths(line.size)) {
            Some(level) if chars <= MAX_HEADING_CHARS => return BlockKind::Heading(*level),
            _ => {}
        }
        if opens_list_item(&line.text) {
            return BlockKind::ListItem;
        }
        match self.bold {
            Some(level) if line.is_bold && is_title(&line.text, chars) => BlockKind::Heading(level),
            _ => BlockKind::Paragraph,
        }
    }
}

/// Whether a bold line names the text below it, rather than stressing a sentence.
fn is_title(text: &str, chars: usize) -> bool {
    chars <= MAX_BOLD_HEADING_CHARS
        && text.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || !c.is_ascii())
        && !text.ends_with(['.', ',', ';', '!'])
        && text.chars().any(char::is_alphabetic)
}
