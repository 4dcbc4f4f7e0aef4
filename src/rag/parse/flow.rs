//! Where the blocks of a document go: into its text, or into the open cell of a table.

use super::builder::Builder;
use super::table::{Cell, Piece, Row, Table};
use super::{BlockKind, ParseError};

/// The most tables inside each other. The content of deeper ones belongs to the innermost cell.
const MAX_TABLES: usize = 32;

/// A table that is being read.
#[derive(Default)]
struct OpenTable {
    table: Table,
    /// Whether the open rows are those of the table's head.
    in_head: bool,
    /// The open cell, or the open caption.
    cell: Option<Cell>,
}

/// Passes blocks on to the document, or to the innermost open cell.
pub(super) struct Flow {
    pub(super) builder: Builder,
    tables: Vec<OpenTable>,
    /// The number of open tables that are too deep.
    deeper: usize,
}

impl Flow {
    pub(super) fn new(builder: Builder) -> Self {
        Self {
            builder,
            tables: Vec::new(),
            deeper: 0,
        }
    }

    /// The innermost table, unless a deeper one is open.
    fn open(&mut self) -> Option<&mut OpenTable> {
        self.tables.last_mut().filter(|_| self.deeper == 0)
    }

    fn cell(&mut self) -> Option<&mut Cell> {
        let mut tables = self.tables.iter_mut().rev();
        tables.find_map(|open| open.cell.as_mut())
    }

    /// Adds a block that so many lists contain.
    pub(super) fn push(
        &mut self,
        kind: BlockKind,
        lists: usize,
        text: &str,
    ) -> Result<(), ParseError> {
        if let Some(cell) = self.cell() {
            cell.add(kind, lists, text.to_owned());
            return Ok(());
        }
        self.builder.nest(lists);
        self.builder.push(kind, text)
    }

    pub(super) fn open_table(&mut self, table: Table) {
        if self.tables.len() >= MAX_TABLES {
            self.deeper += 1;
            return;
        }
        self.tables.push(OpenTable {
            table,
            ..OpenTable::default()
        });
    }

    pub(super) fn close_table(&mut self) -> Result<(), ParseError> {
        if self.deeper > 0 {
            self.deeper -= 1;
            return Ok(());
        }
        self.close_cell();
        let Some(OpenTable { table, .. }) = self.tables.pop() else {
            return Ok(());
        };
        match self.cell() {
            Some(cell) => cell.content.push(Piece::Table(table)),
            None => table.write(&mut self.builder)?,
        }
        Ok(())
    }

    /// Opens or closes the head of the table, whose rows hold column names.
    pub(super) fn set_head(&mut self, in_head: bool) {
        if let Some(open) = self.open() {
            open.in_head = in_head;
            open.table.headers_known |= in_head;
        }
    }

    pub(super) fn open_row(&mut self) {
        self.close_cell();
        if let Some(open) = self.open() {
            open.table.rows.push(Row {
                cells: Vec::new(),
                is_header: open.in_head,
            });
        }
    }

    /// Says that the open row holds column names.
    pub(super) fn mark_header(&mut self) {
        if let Some(open) = self.open() {
            open.table.headers_known = true;
            if let Some(row) = open.table.rows.last_mut() {
                row.is_header = true;
            }
        }
    }

    /// Ends a row. One that has only cells with names is a row of column names.
    pub(super) fn close_row(&mut self) {
        self.close_cell();
        let open = self.open();
        if let Some(row) = open.and_then(|open| open.table.rows.last_mut()) {
            let mut filled = row.cells.iter().filter(|cell| !cell.content.is_empty());
            row.is_header |= filled.clone().next().is_some() && filled.all(|cell| cell.is_header);
        }
    }

    pub(super) fn open_cell(&mut self, cell: Cell) {
        self.close_cell();
        if let Some(open) = self.open() {
            open.table.headers_known |= cell.is_header;
            open.cell = Some(cell);
        }
    }

    pub(super) fn close_cell(&mut self) {
        let Some(open) = self.open() else {
            return;
        };
        if let Some(cell) = open.cell.take() {
            match open.table.rows.last_mut() {
                Some(row) => row.cells.push(cell),
                None => open.table.rows.push(Row {
                    cells: vec![cell],
                    is_header: false,
                }),
            }
        }
    }

    /// Adds a copy of the last cell.
    pub(super) fn repeat_cell(&mut self) {
        let open = self.open();
        if let Some(row) = open.and_then(|open| open.table.rows.last_mut())
            && let Some(cell) = row.cells.last().cloned()
        {
            row.cells.push(cell);
        }
    }

    pub(super) fn open_caption(&mut self) {
        self.close_cell();
        if let Some(open) = self.open() {
            open.cell = Some(Cell::default());
        }
    }

    pub(super) fn close_caption(&mut self) {
        if let Some(open) = self.open()
            && let Some(cell) = open.cell.take()
        {
            open.table.caption = cell.line();
        }
    }

    /// Changes the open cell.
    pub(super) fn change_cell(&mut self, change: impl FnOnce(&mut Cell)) {
        let open = self.open();
        if let Some(cell) = open.and_then(|open| open.cell.as_mut()) {
            change(cell);
        }
    }
}
