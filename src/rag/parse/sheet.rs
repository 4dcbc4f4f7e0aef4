//! A sheet of a spreadsheet, written as a section with its tables.

use std::collections::BTreeMap;

use super::builder::Builder;
use super::table::{Cell, Row, Table};
use super::{BlockKind, ParseError};

/// The most cells with a value in one sheet, and the most bytes of all of them together.
const MAX_CELLS: usize = 1_000_000;
/// The most places of a sheet's tables, empty ones included.
const MAX_PLACES: usize = 2_000_000;

/// A value, and how it is set apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) is_bold: bool,
    pub(super) is_number: bool,
}

/// A block of cells that are one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// The visible cells of a sheet.
#[derive(Default)]
pub(super) struct Sheet {
    pub(super) name: String,
    rows: BTreeMap<usize, BTreeMap<usize, Value>>,
    merges: Vec<Merge>,
    cells: usize,
    bytes: usize,
}

impl Sheet {
    pub(super) fn named(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// Adds a value; `max_bytes` bounds the text of the sheet.
    pub(super) fn add(
        &mut self,
        row: usize,
        column: usize,
        value: Value,
        max_bytes: usize,
    ) -> Result<(), ParseError> {
        if value.text.trim().is_empty() {
            return Ok(());
        }
        self.cells += 1;
        self.bytes += value.text.len();
        if self.cells > MAX_CELLS || self.bytes > max_bytes {
            return Err(ParseError::TooLarge);
        }
        self.rows.entry(row).or_default().insert(column, value);
        Ok(())
    }

    pub(super) fn merge(&mut self, merge: Merge) -> Result<(), ParseError> {
        if self.merges.len() >= MAX_CELLS {
            return Err(ParseError::TooLarge);
        }
        self.merges.push(merge);
        Ok(())
    }

    /// Leaves out hidden columns; returns how many of them had values.
    pub(super) fn hide_columns(&mut self, is_hidden: impl Fn(usize) -> bool) -> usize {
        let mut hidden = std::collections::BTreeSet::new();
        for row in self.rows.values_mut() {
            row.retain(|column, _| {
                let hide = is_hidden(*column);
                if hide {
                    hidden.insert(*column);
                }
                !hide
            });
        }
        self.rows.retain(|_, row| !row.is_empty());
        hidden.len()
    }

    /// Writes the sheet as a section: its name, and its tables.
    pub(super) fn write(self, builder: &mut Builder) -> Result<(), ParseError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        builder.push(BlockKind::Heading(2), &self.name)?;
        let merges = self.merges;
        let mut region: Vec<(usize, BTreeMap<usize, Value>)> = Vec::new();
        for (number, row) in self.rows {
            let follows = region.last().is_none_or(|(last, _)| last + 1 == number)
                || reaches(&merges, region.last().map_or(0, |(last, _)| *last), number);
            if !follows && begins_anew(&region, &row) {
                write_region(std::mem::take(&mut region), &merges, builder)?;
            }
            region.push((number, row));
        }
        write_region(region, &merges, builder)
    }
}

/// Whether a block of cells begins above or in a row and ends in a later one.
fn reaches(merges: &[Merge], last: usize, row: usize) -> bool {
    merges
        .iter()
        .any(|m| m.row <= last && row < m.row.saturating_add(m.rows))
}

/// Whether a row after an empty one begins another table: it has names set in bold, it is a single
/// cell, or the rows before it are no table.
fn begins_anew(region: &[(usize, BTreeMap<usize, Value>)], row: &BTreeMap<usize, Value>) -> bool {
    let is_name = row.values().all(|value| !value.is_number);
    let is_bold = row.values().any(|value| value.is_bold);
    let before_is_text = region.iter().all(|(_, row)| row.len() == 1);
    row.len() == 1 || before_is_text || (is_name && is_bold)
}

/// Writes rows that belong together as one table. Single cells around it are paragraphs.
fn write_region(
    mut region: Vec<(usize, BTreeMap<usize, Value>)>,
    merges: &[Merge],
    builder: &mut Builder,
) -> Result<(), ParseError> {
    let is_merged = |row: usize, column: usize| {
        merges
            .iter()
            .any(|m| m.row == row && m.column == column && m.rows > 1)
    };
    let single = |(number, row): &(usize, BTreeMap<usize, Value>)| {
        row.len() == 1 && row.keys().all(|column| !is_merged(*number, *column))
    };
    let lead = region.iter().take_while(|row| single(row)).count();
    // A column of values is a table of its own only with more than one column beside it.
    let lead = if lead == region.len() {
        lead
    } else {
        lead.min(3)
    };
    for (_, row) in region.drain(..lead) {
        for value in row.into_values() {
            builder.push(BlockKind::Paragraph, &value.text)?;
        }
    }
    let tail = region.iter().rev().take_while(|row| single(row)).count();
    let notes = region.split_off(region.len() - tail.min(region.len()));
    write_table(region, merges, builder)?;
    for (_, row) in notes {
        for value in row.into_values() {
            builder.push(BlockKind::Paragraph, &value.text)?;
        }
    }
    Ok(())
}

fn write_table(
    region: Vec<(usize, BTreeMap<usize, Value>)>,
    merges: &[Merge],
    builder: &mut Builder,
) -> Result<(), ParseError> {
    let mut columns: Vec<usize> = region
        .iter()
        .flat_map(|(_, row)| row.keys().copied())
        .collect();
    columns.sort_unstable();
    columns.dedup();
    if columns.len().saturating_mul(region.len()) > MAX_PLACES {
        return Err(ParseError::TooLarge);
    }
    let numbers: Vec<usize> = region.iter().map(|(number, _)| *number).collect();
    let merges: BTreeMap<(usize, usize), &Merge> =
        merges.iter().map(|m| ((m.row, m.column), m)).collect();
    let mut covered = std::collections::HashSet::new();
    let mut table = Table::default();
    for (number, mut values) in region {
        let mut row = Row::default();
        for column in &columns {
            if covered.remove(&(number, *column)) {
                continue;
            }
            let text = values
                .remove(column)
                .map(|value| value.text)
                .unwrap_or_default();
            let mut cell = Cell::of(text);
            if let Some(merge) = merges.get(&(number, *column)) {
                let below = span(&numbers, number, merge.rows);
                let beside = span(&columns, *column, merge.columns);
                if below.len().saturating_mul(beside.len()) > MAX_PLACES {
                    return Err(ParseError::TooLarge);
                }
                (cell.rows, cell.columns) = (below.len().max(1), beside.len().max(1));
                let places = below
                    .iter()
                    .flat_map(|r| beside.iter().map(move |c| (*r, *c)));
                covered.extend(places.filter(|place| *place != (number, *column)));
            }
            row.cells.push(cell);
        }
        table.rows.push(row);
    }
    table.write(builder)
}

/// Returns the rows or columns in use that a block covers from its first.
fn span(used: &[usize], first: usize, length: usize) -> &[usize] {
    let start = used.partition_point(|at| *at < first);
    let end = used.partition_point(|at| *at < first.saturating_add(length));
    used.get(start..end).unwrap_or_default()
}
