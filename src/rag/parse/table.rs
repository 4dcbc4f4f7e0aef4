//! Tables of every format: cells that span rows and columns, header rows, captions.
//!
//! The text of a table has one line for each row, with ` | ` between the cells, under one line of
//! column names. A cell that spans rows or columns stands in each of them, so that every row says
//! what it is about and every value stands under its own column name.

mod grid;
mod model;
#[cfg(test)]
mod tests;
mod writer;

use super::builder::Builder;
use super::{BlockKind, ParseError};
use grid::Grid;
use model::join;
pub(super) use model::{Cell, Piece, Row, Table};
use writer::Writer;

/// The cells of a table with a single row are joined into one line up to this length each.
const MAX_PAIR_CHARS: usize = 80;
/// A cell with more blocks or chars holds a part of a page, not a value.
const MAX_CELL_BLOCKS: usize = 8;
const MAX_CELL_CHARS: usize = 1_500;
/// The rows of a table with one column are list items up to this length.
const MAX_ITEM_CHARS: usize = 300;

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
        Writer::new(builder, self.lines().collect()).write(&self, &grid)?;
        builder.stand_apart();
        Ok(())
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
