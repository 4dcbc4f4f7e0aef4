//! The columns of a table row.

use std::collections::HashSet;

use super::claim::Claim;
use super::condition::held;
use super::vocabulary::{is_neutral, meaningful};
use crate::language::lines::CELL;

/// The share of a header's words that a claim about its column has.
const HALF: f32 = 0.5;

/// A cell, and the words that only its column's header has.
pub(super) struct Column {
    header: HashSet<String>,
    cell: HashSet<String>,
}

impl Column {
    /// Whether a claim is about this column but has another column's figures.
    pub fn is_crossed_by(&self, said: &HashSet<String>) -> bool {
        !self.cell.is_empty() && held(&self.header, said) > HALF && self.cell.is_disjoint(said)
    }
}

/// Returns the figures of a cell, or its words if it has none.
fn figures_or_words(words: HashSet<String>) -> HashSet<String> {
    let is_figure = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
    let figures: HashSet<String> = words.iter().filter(is_figure).cloned().collect();
    if figures.is_empty() { words } else { figures }
}

/// Returns the columns of a row after its first cell, and the words of that cell.
pub(super) fn columns(header: &str, row: &str) -> (Vec<Column>, HashSet<String>) {
    let words = |cell: &str| -> HashSet<String> { Claim::of(cell).words };
    let headers: Vec<HashSet<String>> = header.split(CELL).map(words).collect();
    let mut cells = row.split(CELL);
    let key: HashSet<String> = cells
        .next()
        .into_iter()
        .flat_map(|cell| meaningful(&Claim::of(cell).plain).collect::<Vec<_>>())
        .filter(|word| !is_neutral(word))
        .collect();
    let columns = cells
        .enumerate()
        .filter_map(|(at, cell)| {
            let own = headers.get(at + 1)?;
            let others = |word: &&String| {
                let mut all = headers.iter().enumerate();
                all.any(|(other, header)| other != at + 1 && header.contains(*word))
            };
            Some(Column {
                header: own.iter().filter(|word| !others(word)).cloned().collect(),
                cell: figures_or_words(words(cell)),
            })
        })
        .collect();
    (columns, key)
}
