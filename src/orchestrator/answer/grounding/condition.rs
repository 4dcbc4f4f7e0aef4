//! The condition of a statement: "if you have a fever", "children under 12".

use super::vocabulary::{holds, is_neutral, meaningful};
use crate::language::lists::Set;
use crate::language::spoken;

/// The share of the words of a condition, or of its statement, that a claim must hold.
const LEAST: f32 = 0.5;
const LEAST_OF_MAIN: f32 = 0.34;

/// The condition of a sentence.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// The words of each alternative: "if you have a cough, a fever or a rash" has three.
    alternatives: Vec<Set<String>>,
    /// The words of the statement itself.
    main: Set<String>,
}

/// Returns the first condition of a lower-case sentence.
pub(super) fn of(text: &str) -> Option<Condition> {
    let conditions = &spoken().conditions;
    let (at, opener) = openings(text).next()?;
    let before = text.get(..at)?;
    let behind = text.get(at + opener.len()..)?;
    // A condition at the beginning precedes its statement; elsewhere the statement comes first.
    let leads = !before.chars().any(char::is_alphanumeric);
    let (condition, after) = match behind.split_once(if leads { ',' } else { ';' }) {
        Some((condition, after)) => (condition, after),
        None => (behind, ""),
    };
    // "Without asking first" belongs to the statement again.
    let condition = condition
        .split(conditions.without)
        .next()
        .unwrap_or_default();
    let alternatives = condition
        .split([',', ';'])
        .flat_map(|part| part.split(conditions.or))
        .map(told)
        .filter(|words| !words.is_empty())
        .collect();
    Some(Condition {
        alternatives,
        main: told(before).into_iter().chain(told(after)).collect(),
    })
}

impl Condition {
    /// Whether these words contain one alternative: all of it, unless they are a condition as well.
    pub fn is_kept_by(&self, said: &Set<String>, whole: bool) -> bool {
        if whole {
            // One word of several is no condition yet.
            let all: Set<String> = self.alternatives.iter().flatten().cloned().collect();
            let long = self.alternatives.iter().filter(|words| words.len() > 1);
            let mut wholes = long.chain(std::iter::once(&all));
            return all.is_empty() || wholes.any(|words| held(words, said) >= 1.0);
        }
        self.alternatives.is_empty()
            || self
                .alternatives
                .iter()
                .any(|alternative| held(alternative, said) >= LEAST)
    }

    /// Whether the question contains every word of one alternative.
    pub fn is_asked_by(&self, question: &Set<String>) -> bool {
        self.alternatives
            .iter()
            .any(|alternative| held(alternative, question) >= 1.0)
    }

    /// Whether these words contain enough of the statement under the condition.
    pub fn is_applied_by(&self, words: &Set<String>) -> bool {
        self.main.is_empty() || held(&self.main, words) >= LEAST_OF_MAIN
    }
}

fn openings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let openers = &spoken().conditions.openers;
    let mut at = 0;
    text.split_inclusive(|c: char| !c.is_alphanumeric())
        .filter_map(move |piece| {
            let start = at;
            at += piece.len();
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            openers.contains(word).then_some((start, word))
        })
}

fn told(text: &str) -> Set<String> {
    meaningful(text).filter(|word| !is_neutral(word)).collect()
}

/// Returns the share of the words that the others contain.
pub(super) fn held(words: &Set<String>, among: &Set<String>) -> f32 {
    let held = words.iter().filter(|word| holds(among, word)).count();
    share(held, words.len())
}

/// A limit in numbers: "children under 12".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Threshold {
    whom: String,
    number: String,
}

/// Returns the thresholds of a text in figures.
pub(super) fn thresholds(text: &str) -> Vec<Threshold> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(3)
        .filter_map(|window| {
            let [whom, side, number] = window else {
                return None;
            };
            let number = number.trim_end_matches(|c: char| !c.is_ascii_digit());
            let limits = spoken().conditions.limits.contains(side);
            (limits && number.starts_with(|c: char| c.is_ascii_digit())).then_some(())?;
            Some(Threshold {
                whom: meaningful(whom).next()?,
                number: number.to_owned(),
            })
        })
        .collect()
}

impl Threshold {
    /// Whether a claim about the same people omits whom exactly it concerns.
    pub fn is_dropped_by(&self, words: &Set<String>) -> bool {
        // Words end at the point of "2.5".
        let number = self.number.split(['.', ',']).next().unwrap_or_default();
        words.contains(&self.whom) && !words.contains(number)
    }
}

fn share(part: usize, whole: usize) -> f32 {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}
