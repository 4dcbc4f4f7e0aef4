//! The places of a table's cells.

use super::model::Table;

/// The most columns that one cell spans, as in browsers.
const MAX_COLUMN_SPAN: usize = 1_000;
/// The most rows that one cell spans, as in browsers.
const MAX_ROW_SPAN: usize = 65_534;
/// The most cells that reach into one row from above. Further cells end in their own row.
const MAX_OPEN: usize = 1_000;
/// The most places that cells take in rows below their own. Further cells end in their own row.
const MAX_REACHED: usize = 100_000;

/// The columns from `start` to `end` in one row, filled by one cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: usize,
    end: usize,
    /// The cell's index among all cells of the table.
    pub(super) cell: usize,
    /// The number of rows that the cell spans from this row on.
    rows: usize,
}

impl Span {
    /// The number of columns that can be told apart.
    pub(super) fn columns(&self, grid: &Grid) -> usize {
        let before = |at: usize| grid.columns.partition_point(|column| *column < at);
        before(self.end) - before(self.start)
    }
}

/// A row with all its cells, including those that reach into it from above.
#[derive(Clone, Debug)]
pub(super) struct GridRow {
    /// In the order of their columns, without overlap.
    pub(super) spans: Vec<Span>,
    pub(super) is_header: bool,
}

impl GridRow {
    /// The cell in a column, by the column's index in [`Grid::columns`].
    pub(super) fn cell_at(&self, column: usize, grid: &Grid) -> Option<usize> {
        let start = *grid.columns.get(column)?;
        let at = self.spans.partition_point(|span| span.end <= start);
        let span = self.spans.get(at)?;
        (span.start <= start).then_some(span.cell)
    }

    /// The number of columns up to its last cell.
    pub(super) fn end(&self, grid: &Grid) -> usize {
        let end = self.spans.last().map_or(0, |span| span.end);
        grid.columns.partition_point(|column| *column < end)
    }

    /// The cell of a row that has one cell over all columns.
    pub(super) fn only(&self, grid: &Grid) -> Option<usize> {
        match self.spans.as_slice() {
            [span] if span.columns(grid) == grid.columns.len() => Some(span.cell),
            _ => None,
        }
    }
}

/// The rows that have a cell of their own, and the columns in which a cell begins.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) rows: Vec<GridRow>,
    /// The first place of each column, ascending. Columns in which no cell begins look like a part
    /// of the column before them and are not counted.
    pub(super) columns: Vec<usize>,
}

impl Grid {
    pub(super) fn of(table: &Table) -> Self {
        let mut rows = Vec::with_capacity(table.rows.len());
        let mut columns = Vec::new();
        let mut open: Vec<Span> = Vec::new();
        let mut cell = 0;
        let mut spare = MAX_REACHED;
        for row in &table.rows {
            let mut placed: Vec<Span> = Vec::with_capacity(row.cells.len() + open.len());
            let mut from_above = open.iter().copied().peekable();
            let mut column = 0;
            let above = rows.last();
            for declared in &row.cells {
                while let Some(span) = from_above.next_if(|span| span.start <= column) {
                    column = column.max(span.end);
                    placed.push(span);
                }
                let width = declared.columns.clamp(1, MAX_COLUMN_SPAN);
                let room = from_above.peek().map_or(usize::MAX, |span| span.start);
                let end = (column + width).min(room);
                let same = declared.continues.then(|| span_at(above, column)).flatten();
                let rows = match declared.rows {
                    0 => MAX_ROW_SPAN,
                    rows => rows.min(MAX_ROW_SPAN),
                };
                columns.push(column);
                placed.push(Span {
                    start: column,
                    end,
                    cell: same.map_or(cell, |span| span.cell),
                    rows,
                });
                cell += 1;
                column = end;
            }
            placed.extend(from_above);
            spare = spare.saturating_sub(open.len());
            open = placed
                .iter()
                .filter(|span| span.rows > 1)
                .copied()
                .collect();
            for span in &mut open {
                span.rows -= 1;
            }
            open.truncate(if spare == 0 { 0 } else { MAX_OPEN });
            // A row without a cell of its own only repeats the cells above it.
            if !row.cells.is_empty() {
                rows.push(GridRow {
                    spans: placed,
                    is_header: row.is_header,
                });
            }
        }
        columns.sort_unstable();
        columns.dedup();
        Self { rows, columns }
    }
}

fn span_at(row: Option<&GridRow>, column: usize) -> Option<Span> {
    let spans = &row?.spans;
    let at = spans.partition_point(|span| span.end <= column);
    spans.get(at).copied().filter(|span| span.start <= column)
}
