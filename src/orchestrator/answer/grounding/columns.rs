//! The columns of a table row.

use super::claim::Claim;
use super::condition::held;
use super::vocabulary::{is_neutral, meaningful};
use crate::language::lines::cells;
use crate::language::lists::Set;

/// The share of a header's words that a claim about its column has.
const HALF: f32 = 0.5;

/// A cell, and the words that only its column's header has.
pub(super) struct Column {
    header: Set<String>,
    cell: Set<String>,
}

impl Column {
    /// Whether a claim is about this column but has another column's figures.
    pub fn is_crossed_by(&self, said: &Set<String>) -> bool {
        !self.cell.is_empty() && held(&self.header, said) > HALF && self.cell.is_disjoint(said)
    }
}

/// Returns the figures of a cell, or its words if it has none.
fn figures_or_words(words: Set<String>) -> Set<String> {
    let is_figure = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
    let figures: Set<String> = words.iter().filter(is_figure).cloned().collect();
    if figures.is_empty() { words } else { figures }
}

/// Returns the columns of a row after its first cell, and the words of that cell.
pub(super) fn columns(header: &str, row: &str) -> (Vec<Column>, Set<String>) {
    let words = |cell: &str| -> Set<String> { Claim::of(cell).words };
    let headers: Vec<Set<String>> = cells(header).map(words).collect();
    let mut cells = cells(row);
    let key: Set<String> = cells
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
