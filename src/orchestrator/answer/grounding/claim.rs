//! The statement of a piece of text, as far as words reveal it.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::condition::{self, Condition, Threshold};
use super::quantity::{Quantities, Range, in_figures};
use super::statement::Statement;
use super::vocabulary::{is_neutral, meaningful};
use crate::domain::text;
use crate::language::spoken;

/// The statement of a piece of text.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The text with single spaces and in lower case.
    pub plain: String,
    /// Every word with a meaning, including numbers.
    pub words: HashSet<String>,
    pub quantities: Quantities,
    pub ranges: Vec<Range>,
    pub statement: Statement,
    pub condition: Option<Condition>,
    pub thresholds: Vec<Threshold>,
}

impl Claim {
    pub fn of(text: &str) -> Self {
        let plain = plain(text);
        let text = figured(&plain);
        Self {
            words: words(&text),
            quantities: Quantities::of(&text),
            ranges: Range::all(&text),
            condition: condition::of(&text),
            thresholds: condition::thresholds(&text),
            statement: Statement::of(&text.replace("1 time a ", "a ")),
            plain,
        }
    }

    /// Returns the words of the claim, at a part of the cost.
    pub fn words_of(text: &str) -> HashSet<String> {
        words(&figured(&plain(text)))
    }

    /// The words that make the claim, without fillers and figures.
    pub fn core(&self) -> impl Iterator<Item = &String> {
        self.words.iter().filter(|word| !is_neutral(word))
    }
}

/// Removes bullets, which are no part of a sentence.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text::without_bullet(text).split_whitespace().collect();
    words.join(" ").to_lowercase().replace('’', "'")
}

/// Writes out contractions, and numbers in figures.
fn figured(plain: &str) -> String {
    in_figures(&spelled_out(&spaced(plain)))
}

fn words(figured: &str) -> HashSet<String> {
    // "Once a day" and "daily" have the same words.
    meaningful(&figured.replace("1 time a ", "a ")).collect()
}

/// Writes "500mg" as "500 mg", but keeps "B12".
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    let (mut in_number, mut in_word) = (false, false);
    for c in text.chars() {
        if in_number && c.is_alphabetic() {
            spaced.push(' ');
        }
        in_number = c.is_ascii_digit() && !in_word;
        in_word = c.is_alphabetic() || (in_word && c.is_alphanumeric());
        spaced.push(c);
    }
    spaced
}

/// Replaces contractions and phrases by the words they stand for.
fn spelled_out(plain: &str) -> String {
    let phrases = spoken().claims.phrases.iter();
    let plain = spoken().denial.spelled_out(plain);
    phrases.fold(plain, |text, (short, long)| text.replace(short, long))
}
