//! Tables as their formats declare them.

use super::super::BlockKind;
use super::super::builder::PAGE_MARK;

/// A part of a cell's content.
#[derive(Clone, Debug)]
pub(in crate::rag::parse) enum Piece {
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
pub(in crate::rag::parse) struct Cell {
    pub(in crate::rag::parse) content: Vec<Piece>,
    /// The rows and the columns that it spans. No rows means all rows to the end of the table.
    pub(in crate::rag::parse) rows: usize,
    pub(in crate::rag::parse) columns: usize,
    /// Whether the cell names a row or a column.
    pub(in crate::rag::parse) is_header: bool,
    /// Whether the cell is a part of the one above it.
    pub(in crate::rag::parse) continues: bool,
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
    pub(in crate::rag::parse) fn of(text: impl Into<String>) -> Self {
        let mut cell = Self::default();
        cell.add(BlockKind::Paragraph, 0, text.into());
        cell
    }

    /// Adds a block to the content.
    pub(in crate::rag::parse) fn add(&mut self, kind: BlockKind, depth: usize, text: String) {
        if !text.is_empty() {
            self.content.push(Piece::Text { kind, depth, text });
        }
    }

    /// Returns the content as one line.
    pub(in crate::rag::parse) fn line(&self) -> String {
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
pub(in crate::rag::parse) fn join(line: &mut String, part: &str, mark: &str) {
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
pub(in crate::rag::parse) struct Row {
    pub(in crate::rag::parse) cells: Vec<Cell>,
    /// Whether the format declares it a row of column names.
    pub(in crate::rag::parse) is_header: bool,
}

impl Row {
    pub(in crate::rag::parse) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.content.is_empty())
    }
}

/// A table as its format declares it.
#[derive(Clone, Debug, Default)]
pub(in crate::rag::parse) struct Table {
    pub(in crate::rag::parse) caption: String,
    pub(in crate::rag::parse) rows: Vec<Row>,
    /// Whether the format says which cells are headers. Otherwise the first row is taken for one.
    pub(in crate::rag::parse) headers_known: bool,
    /// Whether the table only places its content on the page.
    pub(in crate::rag::parse) is_layout: bool,
}

impl Table {
    pub(in crate::rag::parse) fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().flat_map(|row| &row.cells)
    }

    pub(in crate::rag::parse) fn lines(&self) -> impl Iterator<Item = String> {
        self.cells().map(Cell::line)
    }

    /// Returns a table inside a cell as one line.
    pub(in crate::rag::parse) fn inline(&self) -> String {
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
}
