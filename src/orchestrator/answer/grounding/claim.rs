//! The statement of a piece of text, as far as words reveal it.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::condition::{self, Condition, Threshold};
use super::quantity::{Quantities, Range, in_figures};
use super::statement::Statement;
use super::vocabulary::{is_neutral, meaningful};
use crate::domain::text;
use crate::language::lists::Set;
use crate::language::spoken;

/// The statement of a piece of text.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The text with single spaces and in lower case.
    pub plain: String,
    /// Every word with a meaning, including numbers.
    pub words: Set<String>,
    pub quantities: Quantities,
    pub ranges: Vec<Range>,
    pub statement: Statement,
    pub condition: Option<Condition>,
    pub thresholds: Vec<Threshold>,
}

/// A text in the form in which a claim is read.
pub(super) struct Written {
    /// As [`Claim::plain`].
    plain: String,
    /// The same with contractions written out, and numbers in figures.
    figured: String,
}

impl Written {
    pub fn of(text: &str) -> Self {
        let plain = plain(text);
        let figured = in_figures(&spelled_out(spaced(&plain)));
        Self { plain, figured }
    }

    /// Returns the words of the claim.
    pub fn words(&self) -> Set<String> {
        meaningful(&self.counted()).collect()
    }

    /// Reads the claim, whose words are known.
    pub fn claim(&self, words: Set<String>) -> Claim {
        let text = &self.figured;
        Claim {
            words,
            quantities: Quantities::of(text),
            ranges: Range::all(text),
            condition: condition::of(text),
            thresholds: condition::thresholds(text),
            statement: Statement::of(&self.counted()),
            plain: self.plain.clone(),
        }
    }

    /// Writes "once a day" like "daily".
    fn counted(&self) -> String {
        self.figured.replace("1 time a ", "a ")
    }
}

impl Claim {
    pub fn of(text: &str) -> Self {
        let written = Written::of(text);
        written.claim(written.words())
    }

    /// Returns the words of the claim, at a part of the cost.
    pub fn words_of(text: &str) -> Set<String> {
        Written::of(text).words()
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
fn spelled_out(plain: String) -> Cow<'static, str> {
    let (denial, claims) = (&spoken().denial, &spoken().claims);
    claims.phrases.apply(denial.contractions.apply(plain))
}
