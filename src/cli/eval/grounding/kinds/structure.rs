//! Lists and tables that lose what gives them their meaning.

use super::super::edit::{capital, small, swap};
use super::kind::{Kind, Meaning};

pub fn kinds() -> Vec<Kind> {
    of_lists().into_iter().chain(of_tables()).collect()
}

fn of_lists() -> Vec<Kind> {
    vec![
        Kind::of("lead-in lost", Meaning::Changed, |subject, _| {
            let (_, item) = subject.item.as_ref()?;
            Some(format!("{}.", capital(item.trim_end_matches(['.', ';']))))
        }),
        Kind::of("lead-in turned round", Meaning::Changed, |subject, _| {
            let (lead, item) = subject.item.as_ref()?;
            let turned = [
                ("do not", "do"),
                ("contact", "do not contact"),
                ("call", "do not call"),
                ("tell", "do not tell"),
                ("should", "should not"),
                ("can", "cannot"),
                ("may", "may not"),
                ("ask", "do not ask"),
                ("get", "do not get"),
                ("is", "is not"),
                ("are", "are not"),
                ("include", "do not include"),
            ];
            let lead = turned.iter().find_map(|(from, to)| swap(lead, from, to))?;
            Some(format!(
                "{} {}.",
                lead.trim_end_matches(':'),
                small(item).trim_end_matches(['.', ';'])
            ))
        }),
        Kind::of("lead-in of another list", Meaning::Changed, |subject, _| {
            let (_, item) = subject.item.as_ref()?;
            let item = item.trim_end_matches(['.', ';']);
            Some(format!("You do not need to worry about {}.", small(item)))
        }),
    ]
}

fn of_tables() -> Vec<Kind> {
    vec![
        Kind::of("row of another subject", Meaning::Changed, |subject, _| {
            let row = subject.row.as_ref()?;
            let (key, cells) = (row.next.first()?, row.cells.get(1..)?);
            let same = row.next.get(1..)? == cells;
            (!same).then(|| format!("{key} | {}", cells.join(" | ")))
        }),
        Kind::of("cell of another row", Meaning::Changed, |subject, _| {
            let row = subject.row.as_ref()?;
            let (key, own, cell) = (row.cells.first()?, row.cells.get(1)?, row.next.get(1)?);
            let name = row.header.get(1)?;
            (own != cell).then(|| cell_in_words(key, name, cell))
        }),
        Kind::of("cell of another column", Meaning::Changed, |subject, _| {
            let row = subject.row.as_ref()?;
            let (key, own, cell) = (row.cells.first()?, row.cells.get(1)?, row.cells.get(2)?);
            let name = row.header.get(1)?;
            (own != cell).then(|| cell_in_words(key, name, cell))
        }),
        Kind::of("row in words", Meaning::Kept, |subject, _| {
            let row = subject.row.as_ref()?;
            let (key, cell, name) = (row.cells.first()?, row.cells.get(1)?, row.header.get(1)?);
            Some(cell_in_words(key, name, cell))
        }),
        Kind::of("joined with its lead-in", Meaning::Kept, |subject, _| {
            let (lead, item) = subject.item.as_ref()?;
            let item = item.trim_end_matches(['.', ';']);
            Some(format!("{} {}.", lead.trim_end_matches(':'), small(item)))
        }),
        Kind::of("list under its lead-in", Meaning::Kept, |subject, _| {
            let (lead, item) = subject.item.as_ref()?;
            Some(format!("{lead}\n- {item}"))
        }),
    ]
}

/// Returns a sentence that says what stands in one cell of a row.
fn cell_in_words(key: &str, name: &str, cell: &str) -> String {
    let cell = small(cell.trim_end_matches('.'));
    format!("{key}: {} {cell}.", name.to_lowercase())
}
