//! Writes the rows of a table, and copies cells into the rows and columns that they span.

use super::super::builder::{Builder, PAGE_MARK};
use super::super::{BlockKind, ParseError};
use super::grid::{Grid, GridRow, Span};
use super::model::{Table, join};

/// The separator between the cells of a row.
const CELL: &str = " | ";
/// A copy of a cell that spans rows or columns is cut to this length.
const MAX_COPY_CHARS: usize = 400;
/// The chars that copies may add to a table, beyond [`COPIES_PER_CHAR`] times its own text. Further
/// copies are left empty, so that spans in the thousands cost nothing.
const MIN_COPIES_CHARS: usize = 20_000;
const COPIES_PER_CHAR: usize = 3;
/// A row that is one cell is the name of the rows below it up to this length, and a note beyond it.
const MAX_GROUP_CHARS: usize = 80;
/// The most rows of column names that are told from the spans of the first row.
const MAX_HEAD_ROWS: usize = 4;

pub(super) struct Writer<'a> {
    builder: &'a mut Builder,
    /// The line of each cell, and whether it has been written.
    lines: Vec<String>,
    copied: Vec<bool>,
    /// The chars that copies may still add.
    spare: usize,
    /// The cell that names the rows below it.
    group: Option<usize>,
}

impl<'a> Writer<'a> {
    /// Begins with the line of each cell.
    pub(super) fn new(builder: &'a mut Builder, lines: Vec<String>) -> Self {
        let own: usize = lines.iter().map(|line| line.chars().count()).sum();
        Self {
            builder,
            copied: vec![false; lines.len()],
            lines,
            spare: MIN_COPIES_CHARS.max(own.saturating_mul(COPIES_PER_CHAR)),
            group: None,
        }
    }

    pub(super) fn write(&mut self, table: &Table, grid: &Grid) -> Result<(), ParseError> {
        let mut rows = grid.rows.as_slice();
        let mut caption = table.caption.trim().to_owned();
        while let [first, rest @ ..] = rows
            && let Some(cell) = self.only(first, grid)
            && self.is_title(rest, grid)
        {
            let line = self.take(cell);
            join(&mut caption, &line, ".");
            rows = rest;
        }
        self.builder.push(BlockKind::Caption, &caption)?;
        let mut heads = head_length(table, grid, rows);
        loop {
            let (head, rest) = rows.split_at_checked(heads).unwrap_or((rows, &[]));
            if !head.is_empty() {
                let line = self.head(head, grid);
                self.push(BlockKind::TableHeader, &line)?;
            }
            let is_body = |row: &GridRow| !row.is_header || self.only(row, grid).is_some();
            let body = rest.iter().skip(1).take_while(|row| is_body(row)).count();
            let body = (body + 1).min(rest.len());
            let (body, after) = rest.split_at_checked(body).unwrap_or((rest, &[]));
            for (at, row) in body.iter().enumerate() {
                self.body_row(row, at + 1 == body.len(), grid)?;
            }
            if after.is_empty() {
                return Ok(());
            }
            // Further column names stand for the rows below them, as in a table of their own.
            self.group = None;
            rows = after;
            heads = after.iter().take_while(|row| row.is_header).count();
        }
    }

    /// Whether a first row of one cell is the title of the table, and not the name of the rows below
    /// it: column names follow, or no further row names others.
    fn is_title(&self, rest: &[GridRow], grid: &Grid) -> bool {
        let [next, others @ .., _] = rest else {
            return !rest.is_empty();
        };
        next.is_header
            || self.only(next, grid).is_some()
            || !others.iter().any(|row| self.only(row, grid).is_some())
    }

    /// Writes column names, outermost first: "Earliest: Keyhole repair".
    fn head(&mut self, rows: &[GridRow], grid: &Grid) -> String {
        let mut names: Vec<String> = vec![String::new(); grid.columns.len()];
        for (at, name) in names.iter_mut().enumerate() {
            let mut before = None;
            for row in rows {
                let cell = row.cell_at(at, grid);
                if let Some(cell) = cell.filter(|_| cell != before) {
                    let line = self.take(cell);
                    join(name, &line, ":");
                }
                before = cell;
            }
        }
        line_of(&names)
    }

    fn body_row(&mut self, row: &GridRow, is_last: bool, grid: &Grid) -> Result<(), ParseError> {
        if let Some(only) = self.only(row, grid) {
            let line = self.lines.get(only).map_or("", String::as_str);
            let is_name = line.chars().count() <= MAX_GROUP_CHARS && !line.ends_with(['.', '!']);
            if is_name && !is_last {
                self.group = Some(only);
            } else {
                let note = self.take(only);
                self.push(BlockKind::TableRow, &line_of(&[note, String::new()]))?;
            }
            return Ok(());
        }
        let mut cells = Vec::with_capacity(grid.columns.len());
        for at in 0..grid.columns.len() {
            let cell = row.cell_at(at, grid);
            cells.push(cell.map(|cell| self.take(cell)).unwrap_or_default());
        }
        if let Some(group) = self.group {
            let mut named = self.take(group);
            if let Some(first) = cells.first_mut() {
                join(&mut named, first, ":");
                *first = named;
            }
        }
        let end = row.end(grid).max(2);
        cells.truncate(end);
        self.push(BlockKind::TableRow, &line_of(&cells))
    }

    /// The cell of a row that consists of it alone and spans all columns.
    fn only(&self, row: &GridRow, grid: &Grid) -> Option<usize> {
        let cell = row.only(grid)?;
        let line = self.lines.get(cell)?;
        (!line.trim().is_empty()).then_some(cell)
    }

    /// Returns the line of a cell, or a copy if it was written before.
    fn take(&mut self, cell: usize) -> String {
        let line = self.lines.get(cell).map_or("", String::as_str);
        let Some(copied) = self.copied.get_mut(cell) else {
            return String::new();
        };
        if !std::mem::replace(copied, true) {
            return line.to_owned();
        }
        // A page begins once.
        let plain = line.chars().filter(|c| *c != PAGE_MARK);
        let mut copy: String = plain.take(MAX_COPY_CHARS + 1).collect();
        if copy.chars().count() > MAX_COPY_CHARS {
            let end = copy.rfind(char::is_whitespace).unwrap_or(copy.len());
            copy.truncate(end);
            copy.push('…');
        }
        let chars = copy.chars().count();
        if chars > self.spare {
            return String::new();
        }
        self.spare -= chars;
        copy
    }

    fn push(&mut self, kind: BlockKind, line: &str) -> Result<(), ParseError> {
        let bare = |c: char| c == '|' || (c.is_whitespace() && c != PAGE_MARK);
        if line.chars().all(bare) {
            return Ok(());
        }
        if line.chars().all(|c| bare(c) || c == PAGE_MARK) {
            let marks: String = line.chars().filter(|c| *c == PAGE_MARK).collect();
            return self.builder.push(kind, &marks);
        }
        self.builder.push(kind, line)
    }
}

fn line_of(cells: &[String]) -> String {
    let trimmed = cells.iter().map(|cell| cell.trim_matches(' '));
    trimmed.collect::<Vec<_>>().join(CELL)
}

/// The number of rows that hold column names. A format that does not declare them usually puts
/// them first; cells that span several of the first rows tell how many rows they fill.
fn head_length(table: &Table, grid: &Grid, rows: &[GridRow]) -> usize {
    let Some(first) = rows.first() else {
        return 0;
    };
    let declared = rows.iter().take_while(|row| row.is_header).count();
    let fills = |span: &Span| {
        let has = |row: &&GridRow| row.spans.iter().any(|other| other.cell == span.cell);
        rows.iter().take(MAX_HEAD_ROWS + 1).take_while(has).count()
    };
    let tall = first.spans.iter().map(fills).max().unwrap_or(1);
    let wide = first.spans.iter().any(|span| span.columns(grid) > 1);
    let most = rows.len().saturating_sub(1);
    if first.only(grid).is_some() {
        return 0;
    }
    if table.headers_known || declared > 0 {
        let spanned = declared > 0 && wide && tall <= MAX_HEAD_ROWS;
        return declared.max(if spanned { tall } else { 0 }).min(most);
    }
    match (tall, wide) {
        // A name that spans columns stands over the names of each.
        (2..=MAX_HEAD_ROWS, true) => tall.min(most),
        // A cell that spans rows names these rows, so the first one is already one of them.
        (2.., _) => 0,
        _ => usize::from(most > 0),
    }
}
