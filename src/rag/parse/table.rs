//! Tables of every format: cells that span rows and columns, header rows, captions.
//!
//! The text of a table has one line for each row, with ` | ` between the cells, under one line of
//! column names. A cell that spans rows or columns stands in each of them, so that every row says
//! what it is about and every value stands under its own column name.

mod grid;
#[cfg(test)]
mod tests;

use super::builder::{Builder, PAGE_MARK};
use super::{BlockKind, ParseError};
use grid::{Grid, GridRow};

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
/// The cells of a table with a single row are joined into one line up to this length each.
const MAX_PAIR_CHARS: usize = 80;
/// A cell with more blocks or chars holds a part of a page, not a value.
const MAX_CELL_BLOCKS: usize = 8;
const MAX_CELL_CHARS: usize = 1_500;
/// The most rows of column names that are told from the spans of the first row.
const MAX_HEAD_ROWS: usize = 4;
/// The rows of a table with one column are list items up to this length.
const MAX_ITEM_CHARS: usize = 300;

/// A part of a cell's content.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text {
        kind: BlockKind,
        /// The number of lists that contain a list item.
        depth: usize,
        text: String,
    },
    Table(Table),
}

/// A cell as its format declares it.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) content: Vec<Piece>,
    /// The rows and the columns that it spans. No rows means all rows to the end of the table.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Whether the cell names a row or a column.
    pub(super) is_header: bool,
    /// Whether the cell is a part of the one above it.
    pub(super) continues: bool,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            content: Vec::new(),
            rows: 1,
            columns: 1,
            is_header: false,
            continues: false,
        }
    }
}

impl Cell {
    /// Creates a cell of one row and one column with one paragraph.
    pub(super) fn of(text: impl Into<String>) -> Self {
        let mut cell = Self::default();
        cell.add(BlockKind::Paragraph, 0, text.into());
        cell
    }

    /// Adds a block to the content.
    pub(super) fn add(&mut self, kind: BlockKind, depth: usize, text: String) {
        if !text.is_empty() {
            self.content.push(Piece::Text { kind, depth, text });
        }
    }

    /// Returns the content as one line.
    pub(super) fn line(&self) -> String {
        let mut line = String::new();
        for piece in &self.content {
            match piece {
                Piece::Text { text, .. } => {
                    text.split('\n').for_each(|part| join(&mut line, part, ""));
                }
                Piece::Table(table) => join(&mut line, &table.inline(), ";"),
            }
        }
        // A bar in a cell would be taken for the end of the cell.
        line.replace('|', "/")
    }
}

/// Appends a part to a line. The mark goes between them unless the line ends with one; digits of two
/// lines must not become one number.
fn join(line: &mut String, part: &str, mark: &str) {
    let part = part.trim_matches(|c: char| c.is_whitespace() && c != PAGE_MARK);
    let before = line.trim_end();
    if part.is_empty() || before.is_empty() {
        line.push_str(part);
        return;
    }
    let digits = before.ends_with(|c: char| c.is_ascii_digit())
        && part.starts_with(|c: char| c.is_ascii_digit());
    if digits {
        line.push(';');
    } else if !before.ends_with(['.', ',', ':', ';', '!', '?']) {
        line.push_str(mark);
    }
    line.push(' ');
    line.push_str(part);
}

/// A row as its format declares it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    /// Whether the format declares it a row of column names.
    pub(super) is_header: bool,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.content.is_empty())
    }
}

/// A table as its format declares it.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) rows: Vec<Row>,
    /// Whether the format says which cells are headers. Otherwise the first row is taken for one.
    pub(super) headers_known: bool,
    /// Whether the table only places its content on the page.
    pub(super) is_layout: bool,
}

impl Table {
    /// Writes the table: its caption, one line of column names, and a line for each row. A table
    /// that only places text on the page is written as this text.
    pub(super) fn write(mut self, builder: &mut Builder) -> Result<(), ParseError> {
        builder.stand_apart();
        // A table that is all headers uses them for their looks.
        if self.rows.iter().all(|row| row.is_header) {
            self.rows.iter_mut().for_each(|row| row.is_header = false);
            self.headers_known = false;
        }
        let grid = Grid::of(&self);
        if self.is_list(&grid) {
            return self.write_list(builder);
        }
        if self.is_prose(&grid) {
            return self.write_prose(&grid, builder);
        }
        let own: usize = self.lines().map(|line| line.chars().count()).sum();
        let mut writer = Writer {
            builder,
            lines: self.lines().collect(),
            copied: vec![false; self.rows.iter().map(|row| row.cells.len()).sum()],
            spare: MIN_COPIES_CHARS.max(own.saturating_mul(COPIES_PER_CHAR)),
            group: None,
        };
        writer.write(&self, &grid)?;
        builder.stand_apart();
        Ok(())
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().flat_map(|row| &row.cells)
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.cells().map(Cell::line)
    }

    /// Returns a table inside a cell as one line.
    fn inline(&self) -> String {
        let mut line = String::new();
        join(&mut line, &self.caption, "");
        for row in &self.rows {
            let mut text = String::new();
            row.cells
                .iter()
                .for_each(|cell| join(&mut text, &cell.line(), ","));
            join(&mut line, &text, ";");
        }
        line
    }

    fn is_prose(&self, grid: &Grid) -> bool {
        let holds_blocks = |cell: &Cell| {
            let chars = |piece: &Piece| match piece {
                Piece::Text { text, .. } => text.chars().count(),
                Piece::Table(_) => 0,
            };
            let is_part = |piece: &Piece| {
                matches!(
                    piece,
                    Piece::Table(_)
                        | Piece::Text {
                            kind: BlockKind::Heading(_),
                            ..
                        }
                )
            };
            cell.content.iter().any(is_part)
                || cell.content.len() > MAX_CELL_BLOCKS
                || cell.content.iter().map(chars).sum::<usize>() > MAX_CELL_CHARS
        };
        let is_named = self.headers_known || !self.caption.is_empty();
        self.is_layout
            || grid.columns.len() < 2
            || self.rows.iter().filter(|row| !row.is_blank()).count() < 2
            || (!is_named && self.cells().any(holds_blocks))
    }

    /// Whether the table is one named column of values.
    fn is_list(&self, grid: &Grid) -> bool {
        let [first, rest @ ..] = self.rows.as_slice() else {
            return false;
        };
        let is_value = |cell: &Cell| cell.line().chars().count() <= MAX_ITEM_CHARS;
        !self.is_layout
            && grid.columns.len() == 1
            && first.is_header
            && !rest.is_empty()
            && rest.iter().flat_map(|row| &row.cells).all(is_value)
    }

    fn write_list(self, builder: &mut Builder) -> Result<(), ParseError> {
        let mut caption = self.caption;
        let mut lines = self.rows.into_iter().flat_map(|row| row.cells);
        if let Some(name) = lines.next() {
            join(&mut caption, &name.line(), ":");
        }
        builder.push(BlockKind::Caption, &caption)?;
        builder.nest(1);
        for line in lines.map(|cell| cell.line()) {
            if !line.trim().is_empty() {
                builder.push(BlockKind::ListItem, &format!("- {line}"))?;
            }
        }
        builder.stand_apart();
        Ok(())
    }

    fn write_prose(self, grid: &Grid, builder: &mut Builder) -> Result<(), ParseError> {
        builder.push(BlockKind::Paragraph, &self.caption)?;
        let is_pair = !self.is_layout && grid.columns.len() > 1 && {
            let short = |line: String| line.chars().count() <= MAX_PAIR_CHARS;
            self.lines().all(short)
        };
        for row in self.rows {
            if is_pair {
                let line = row.cells.iter().fold(String::new(), |mut line, cell| {
                    join(&mut line, &cell.line(), ":");
                    line
                });
                builder.push(BlockKind::Paragraph, &line)?;
                continue;
            }
            for piece in row.cells.into_iter().flat_map(|cell| cell.content) {
                match piece {
                    Piece::Table(table) => table.write(builder)?,
                    Piece::Text {
                        kind: BlockKind::Code,
                        text,
                        ..
                    } => builder.push_verbatim(&text)?,
                    Piece::Text { kind, depth, text } => {
                        builder.nest(depth);
                        builder.push(kind, &text)?;
                    }
                }
            }
        }
        builder.stand_apart();
        Ok(())
    }
}

struct Writer<'a> {
    builder: &'a mut Builder,
    /// The line of each cell, and whether it has been written.
    lines: Vec<String>,
    copied: Vec<bool>,
    /// The chars that copies may still add.
    spare: usize,
    /// The cell that names the rows below it.
    group: Option<usize>,
}

impl Writer<'_> {
    fn write(&mut self, table: &Table, grid: &Grid) -> Result<(), ParseError> {
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
        line_of(names)
    }

    fn body_row(&mut self, row: &GridRow, is_last: bool, grid: &Grid) -> Result<(), ParseError> {
        if let Some(only) = self.only(row, grid) {
            let line = self.lines.get(only).map_or("", String::as_str);
            let is_name = line.chars().count() <= MAX_GROUP_CHARS && !line.ends_with(['.', '!']);
            if is_name && !is_last {
                self.group = Some(only);
            } else {
                let note = self.take(only);
                self.push(BlockKind::TableRow, &line_of(vec![note, String::new()]))?;
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
        self.push(BlockKind::TableRow, &line_of(cells))
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

fn line_of(cells: Vec<String>) -> String {
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
    let fills = |span: &grid::Span| {
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
