//! Tables of RTF: rows of cells between the marks of their right edges.

use super::ParseError;
use super::flow::Flow;
use super::table::{Cell, Row, Table};

/// Edges closer than this, in twentieths of a point, are one.
const SAME_EDGE: i32 = 60;
/// The most cells of a row.
const MAX_CELLS: usize = 1_024;

/// How a cell is declared.
#[derive(Clone, Copy, Default)]
struct Definition {
    edge: i32,
    joins_left: bool,
    joins_above: bool,
}

/// A table that is being read.
#[derive(Default)]
pub(super) struct RtfTable {
    definitions: Vec<Definition>,
    next: Definition,
    names_columns: bool,
    cells: Vec<Cell>,
    rows: Vec<(Vec<Definition>, Row)>,
    headers_known: bool,
}

impl RtfTable {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.cells.is_empty()
    }

    /// Reads a control word that declares a row; returns whether it was one.
    pub(super) fn control(&mut self, word: &str, number: Option<i32>) -> bool {
        match word {
            "trowd" => {
                self.definitions.clear();
                self.next = Definition::default();
                self.names_columns = false;
            }
            "trhdr" => self.names_columns = true,
            "clmrg" => self.next.joins_left = true,
            "clvmrg" => self.next.joins_above = true,
            "cellx" => {
                let definition = std::mem::take(&mut self.next);
                if self.definitions.len() < MAX_CELLS {
                    self.definitions.push(Definition {
                        edge: number.unwrap_or(0),
                        ..definition
                    });
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn end_cell(&mut self, cell: Cell) {
        if self.cells.len() < MAX_CELLS {
            self.cells.push(cell);
        }
    }

    pub(super) fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        self.headers_known |= self.names_columns;
        let row = Row {
            cells,
            is_header: self.names_columns,
        };
        self.rows.push((self.definitions.clone(), row));
    }

    /// Writes the table that ended.
    pub(super) fn finish(&mut self, flow: &mut Flow) -> Result<(), ParseError> {
        if !self.cells.is_empty() {
            self.end_row();
        }
        let rows = std::mem::take(&mut self.rows);
        let mut edges: Vec<i32> = Vec::new();
        for (definitions, _) in &rows {
            edges.extend(definitions.iter().map(|definition| definition.edge));
        }
        edges.sort_unstable();
        edges.dedup_by(|b, a| b.saturating_sub(*a) < SAME_EDGE);
        let table = Table {
            headers_known: std::mem::take(&mut self.headers_known),
            rows: rows
                .into_iter()
                .map(|(definitions, row)| spanned(&definitions, row, &edges))
                .collect(),
            ..Table::default()
        };
        table.write(&mut flow.builder)
    }
}

/// Gives the cells of a row the columns that they cover.
fn spanned(definitions: &[Definition], row: Row, edges: &[i32]) -> Row {
    let mut cells: Vec<Cell> = Vec::new();
    let mut before = 0;
    let mut definitions = definitions.iter();
    for mut cell in row.cells {
        if let Some(definition) = definitions.next() {
            let reach =
                edges.partition_point(|edge| *edge < definition.edge.saturating_add(SAME_EDGE));
            cell.columns = reach.saturating_sub(before).max(1);
            before = reach.max(before);
            cell.continues = definition.joins_above;
            if definition.joins_left
                && let Some(left) = cells.last_mut()
            {
                left.columns += cell.columns;
                left.content.extend(cell.content);
                continue;
            }
        }
        cells.push(cell);
    }
    Row { cells, ..row }
}
