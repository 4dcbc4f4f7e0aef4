//! The text of a table on a page.

use std::collections::BTreeSet;

/// Columns of two pages whose left edges differ less, in points, are one column.
const SAME_COLUMN: f64 = 6.0;

/// The text of a table by row and column. Every row has one cell per column.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// The lines of each cell.
    pub(super) rows: Vec<Vec<Vec<String>>>,
    /// Whether the first row names the columns.
    pub(super) has_header: bool,
    /// Where each column begins, ascending.
    pub(super) columns: Vec<f64>,
    /// The rows in which a character or a number may be another one.
    pub(super) doubtful: BTreeSet<usize>,
}

impl Grid {
    /// Marks the rows with such a line as doubtful.
    pub(super) fn doubt(&mut self, misleads: impl Fn(&str) -> bool) {
        let rows = self.rows.iter().enumerate();
        let doubtful = rows.filter(|(_, row)| row.iter().flatten().any(|line| misleads(line)));
        self.doubtful.extend(doubtful.map(|(at, _)| at));
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().flatten();
        cells.flatten().map(String::as_str)
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> Option<&Vec<Vec<String>>> {
        self.rows.first().filter(|_| self.has_header)
    }

    /// Whether the rows of another page continue this table.
    pub(super) fn goes_on_as(&self, other: &Self) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < SAME_COLUMN;
        self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(near)
    }

    pub(super) fn lines_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.rows.iter_mut().flatten().flatten()
    }
}
