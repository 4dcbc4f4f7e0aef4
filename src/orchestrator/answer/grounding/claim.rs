//! The statement of a piece of text, as far as words reveal it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use super::condition::{self, Condition, Threshold};
use super::quantity::{Quantities, Range, in_figures, pieces};
use super::vocabulary::{is_neutral, meaningful};
use crate::domain::text;
use crate::language::lists::Words;
use crate::language::spoken;

/// Whether a text denies; a claim and its quote must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Polarity {
    pub negated: bool,
    refusing: bool,
}

/// The kinds of words in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Excepting,
    Conditional,
    LeavingOpen,
    Obliging,
    Partial,
    Sweeping,
}

/// The statement of a piece of text.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The text with single spaces and in lower case.
    pub plain: String,
    /// Every word with a meaning, including numbers.
    pub words: HashSet<String>,
    pub quantities: Quantities,
    pub ranges: Vec<Range>,
    pub polarity: Polarity,
    /// The words after a "not".
    denied: HashSet<String>,
    pub condition: Option<Condition>,
    pub thresholds: Vec<Threshold>,
    marks: BTreeSet<Mark>,
    sides: BTreeSet<(usize, usize)>,
}

impl Claim {
    pub fn of(text: &str) -> Self {
        let (denial, claims) = (&spoken().denial, &spoken().claims);
        let plain = plain(text);
        let text = in_figures(&spelled_out(&spaced(&plain)));
        let pieces = pieces(&text);
        let said: HashSet<&str> = pieces.iter().map(|(word, _)| *word).collect();
        let says = |words: &Words| said.iter().any(|word| words.contains(word));
        let marks = [
            (Mark::Excepting, says(&denial.exceptions)),
            (Mark::Conditional, says(&spoken().conditions.marks)),
            (Mark::LeavingOpen, says(&claims.leaving_open)),
            (Mark::Obliging, says(&claims.obliging) || obliges(&text)),
            (Mark::Partial, says(&claims.partial)),
            (Mark::Sweeping, says(&claims.sweeping)),
        ];
        let marks = marks.into_iter().filter(|(_, said)| *said);
        let marks = marks.map(|(mark, _)| mark).collect();
        Self {
            // "Once a day" and "daily" have the same words.
            words: meaningful(&text.replace("1 time a ", "a ")).collect(),
            quantities: Quantities::of(&text),
            ranges: Range::all(&text),
            polarity: Polarity {
                negated: says(&denial.negations),
                refusing: says(&denial.refusals),
            },
            denied: denied(&text),
            condition: condition::of(&text),
            thresholds: condition::thresholds(&text),
            marks,
            sides: said
                .iter()
                .filter_map(|word| claims.sides.get(word))
                .copied()
                .collect(),
            plain,
        }
    }

    /// The words that make the claim, without fillers and figures.
    pub fn core(&self) -> impl Iterator<Item = &String> {
        self.words.iter().filter(|word| !is_neutral(word))
    }

    /// Whether this denies, excepts and chooses like the quote.
    pub fn agrees_with(&self, quote: &Self) -> bool {
        self.polarity == quote.polarity
            // "Do not take it if you are pregnant" does not mean "if you are not pregnant".
            && !self
                .denied
                .iter()
                .any(|word| quote.words.contains(word) && !quote.denied.contains(word))
            // "Stop without asking" does not mean "do not stop without asking" either.
            && !(self.denied.is_empty()
                && quote.denied.iter().any(|word| self.words.contains(word)))
            && self.excepts_as(quote)
            && self.chooses_as(quote)
            && !self.outdoes(quote, Mark::Obliging, Mark::LeavingOpen)
            && !self.outdoes(quote, Mark::Sweeping, Mark::Partial)
    }

    fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    /// Whether this says more than the quote, which has only the weaker word.
    fn outdoes(&self, quote: &Self, strong: Mark, weak: Mark) -> bool {
        self.has(strong) && quote.has(weak) && !quote.has(strong)
    }

    /// Only a prohibition may lose its exception, because forbidding too much is safe.
    fn excepts_as(&self, quote: &Self) -> bool {
        match (self.has(Mark::Excepting), quote.has(Mark::Excepting)) {
            (false, true) => self.polarity.negated && !self.has(Mark::Conditional),
            (mine, its) => mine == its,
        }
    }

    fn chooses_as(&self, quote: &Self) -> bool {
        self.sides.iter().all(|(choice, side)| {
            quote.sides.contains(&(*choice, *side))
                || quote.sides.iter().all(|(other, _)| other != choice)
        })
    }
}

fn obliges(text: &str) -> bool {
    let mut phrases = spoken().claims.obliging_phrases.iter();
    phrases.any(|phrase| text.contains(phrase))
}

/// Returns the words after a "not" or "never".
fn denied(text: &str) -> HashSet<String> {
    let before_a_word = &spoken().denial.before_a_word;
    let mut denied = HashSet::new();
    for clause in text.split(['.', ',', ';', ':', '|', '\n']) {
        let words: Vec<&str> = clause.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            if before_a_word.contains(word) {
                let behind = words.get(at + 1..).unwrap_or_default().join(" ");
                denied.extend(meaningful(&behind).next());
            }
        }
    }
    denied
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
fn spelled_out(plain: &str) -> String {
    let phrases = spoken().claims.phrases.iter();
    let plain = spoken().denial.spelled_out(plain);
    phrases.fold(plain, |text, (short, long)| text.replace(short, long))
}
