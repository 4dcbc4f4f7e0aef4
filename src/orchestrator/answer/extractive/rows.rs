//! The rows of a table that a question asks for.

use crate::language::lines::{cells, is_row};
use crate::language::lists::{Set, lower_words};
use crate::language::spoken;
use crate::language::topic_words;
use crate::language::units::{Kind, Section, Unit};

/// A condition that the question sets on the rows of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// The row has all these words, which neither the header nor a heading has: "fridge".
    Words(Vec<String>),
    /// The row says yes in this column, which the question names: "counted by two nurses".
    Yes(usize),
    /// The row is for this age in months: "Children 6 to 11 years".
    Age(u32),
}

impl Filter {
    /// Returns the condition on the rows of the block of this row; none if the question sets none,
    /// or if every row or no row meets it.
    pub fn of(question: &str, section: &Section, row: &Unit) -> Option<Self> {
        let rows: Vec<&Unit> = section
            .units
            .iter()
            .filter(|unit| unit.kind == Kind::Row)
            .collect();
        let some = |filter: &Self| {
            let met = rows.iter().filter(|unit| filter.is_met_by(unit)).count();
            met > 0 && met < rows.len()
        };
        let age = age_of(question).map(Self::Age);
        let named = column(question, row).map(Self::Yes);
        let words = Some(distinct(question, section, row, &rows)).filter(|words| !words.is_empty());
        let filters = [age, named, words.map(Self::Words)];
        filters.into_iter().flatten().find(some)
    }

    pub fn is_met_by(&self, unit: &Unit) -> bool {
        let mut cells = cells(&unit.text);
        match self {
            Self::Words(words) => {
                let own: Set<String> = topic_words(&unit.text).collect();
                words.iter().all(|word| own.contains(word))
            }
            Self::Yes(column) => cells.nth(*column).is_some_and(|cell| {
                let cell = cell.trim().to_lowercase();
                spoken().questions.yes.contains(&cell)
            }),
            Self::Age(months) => cells
                .next()
                .and_then(ages_of)
                .is_some_and(|(from, to)| from <= *months && *months < to),
        }
    }
}

/// Returns the words of the question that some rows have, but no line above them and no title.
fn distinct(question: &str, section: &Section, row: &Unit, rows: &[&Unit]) -> Vec<String> {
    let above: Set<String> = row
        .above
        .iter()
        .map(String::as_str)
        .chain([section.title.as_str(), section.heading.as_str()])
        .flat_map(topic_words)
        .collect();
    let mut asked: Vec<String> = topic_words(question)
        .filter(|word| !above.contains(word))
        .collect();
    asked.dedup();
    asked.retain(|word| {
        rows.iter()
            .any(|unit| topic_words(&unit.text).any(|own| own == *word))
    });
    asked
}

/// Returns the column that says yes or no to what the question names.
fn column(question: &str, row: &Unit) -> Option<usize> {
    let asked: Set<String> = topic_words(question).collect();
    let header = row.above.iter().rfind(|line| is_row(line))?;
    let own: Vec<&str> = cells(&row.text).collect();
    let questions = &spoken().questions;
    let decides = |at: usize| {
        own.get(at).is_some_and(|cell| {
            let cell = cell.trim().to_lowercase();
            questions.yes.contains(&cell) || questions.no.contains(&cell)
        })
    };
    let is_denied = lower_words(question).any(|word| word == spoken().denial.not);
    cells(header).enumerate().position(|(at, name)| {
        let mut words = topic_words(name).peekable();
        !is_denied
            && decides(at)
            && words.peek().is_some()
            && words.all(|word| asked.contains(&word))
    })
}

/// Returns the age in a question, in months: "my 7 year old", "18 months old".
fn age_of(question: &str) -> Option<u32> {
    let words: Vec<String> = lower_words(question).collect();
    words.windows(3).find_map(|window| {
        let [number, unit, old] = window else {
            return None;
        };
        let questions = &spoken().questions;
        let months = months_of(unit)?;
        let number: u32 = number.parse().ok()?;
        (questions.old.contains(old)).then(|| number.saturating_mul(months))
    })
}

/// Returns the ages of a cell in months, half-open: "6 to 11 years" is 72 to 144.
fn ages_of(cell: &str) -> Option<(u32, u32)> {
    let words: Vec<String> = lower_words(cell).collect();
    let unit = words.iter().rev().find_map(|word| months_of(word))?;
    let numbers: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let has = |any: &crate::language::lists::Words| words.iter().any(|word| any.contains(word));
    let questions = &spoken().questions;
    match numbers.as_slice() {
        [from, to] => Some((from * unit, (to + 1) * unit)),
        [limit] if has(&questions.below) => Some((0, limit * unit)),
        [limit] if has(&questions.above) => Some((limit * unit, u32::MAX)),
        [one] => Some((one * unit, (one + 1) * unit)),
        _ => None,
    }
}

fn months_of(word: &str) -> Option<u32> {
    let mut ages = spoken().questions.ages.iter();
    ages.find(|(name, _)| *name == word)
        .map(|(_, months)| *months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_of_cells_are_ranges() {
        assert_eq!(ages_of("Children 6 to 11 years"), Some((72, 144)));
        assert_eq!(ages_of("Babies 3 to 23 months"), Some((3, 24)));
        assert_eq!(ages_of("Under 12 years"), Some((0, 144)));
        assert_eq!(ages_of("Adults over 50 kg"), None);
        assert_eq!(age_of("What is the dose for a 7 year old child?"), Some(84));
        assert_eq!(age_of("I waited 7 years for this"), None);
    }
}
