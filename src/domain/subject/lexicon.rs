//! Which words of a question name something.
//!
//! `everyday.txt` holds the reduced forms of everyday English words, names of illnesses, medicines,
//! animals and foods left out; `exact.txt` those names that a spelling mistake could make of another
//! word. Both are made from `WordNet` 3.1 (its licence is beside them), the second also from the names
//! of `DrugBank`'s open vocabulary (CC0).

use std::collections::HashSet;
use std::sync::LazyLock;

use super::likeness::is_mistake;
use crate::domain::words::{content_words, topic_words};

static EVERYDAY: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../words/everyday.txt").lines().collect());

static EXACT: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../words/exact.txt").lines().collect());

/// Endings that make another word of an everyday one, longest first.
const ENDINGS: [&str; 17] = [
    "fulness", "ability", "iness", "ation", "able", "ment", "ness", "less", "like", "ful", "est",
    "ily", "ier", "ish", "ly", "er", "y",
];

/// Letters of a word that may be an everyday one with a mistake in it.
const LEAST_SLIP: usize = 6;

/// Places that have names: the word before one tells which.
const PLACES: &str = "block building centre center clinic court house lodge suite unit ward wing";
/// Words before a place that do not tell which.
const ANY_PLACE: &str = "another busy big clean every hospital local main nearest new next open other \
    own same small whole";

/// Treatments that are told apart by the word before them.
const PROCEDURES: &str = "biopsy bypass op operation removal repair replacement scan scope surgery \
    transplant vaccination vaccine";
/// Words before a treatment that do not tell which.
const ANY_PROCEDURE: &str = "another big day early emergency first hospital keyhole last late major \
    minor new next open other own planned private same second small urgent whole";
/// Beginnings that make another word of an everyday one.
const BEGINNINGS: [&str; 7] = ["re", "un", "non", "over", "under", "mis", "out"];

/// Words before a number that measure or count: the number does not tell which.
const MEASURES: &str = "about above after age aged another around at before below between birth by \
    day days every for from hour hours in last least least less maximum minimum minutes month months \
    more most next of on only over past phone since telephone than the time times to under until up \
    week weeks within year years";
/// Words after a number that make it an amount.
const UNITS: &str = "am cm day days degree degrees g gram grams hour hours hr hrs kg litre litres lb \
    mcg mg microgram micrograms milligram milligrams min mins minute minutes ml mm month months old \
    per percent pm puff puffs second seconds tablet tablets time times unit units week weeks year \
    years";

/// A word as it stands, and in lower case.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub text: String,
    pub lower: String,
    /// It begins a sentence, so its capital says nothing.
    first: bool,
}

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut first = true;
    for part in text.split_whitespace() {
        let words = part
            .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
            .filter(|word| !word.is_empty());
        for word in words {
            // "Parkinson's", "don't", 'aspirin'.
            let word = word.trim_matches(['\'', '’']);
            let body = word.split(['\'', '’']).next().unwrap_or(word);
            if body.is_empty() {
                continue;
            }
            found.push(Token {
                text: body.to_owned(),
                lower: body.to_lowercase(),
                first,
            });
            first = false;
        }
        first |= part.ends_with(['.', '!', '?', ':', '\n']);
    }
    found
}

/// Whether the word at `at` names something that an answer must name, too.
pub(super) fn is_name(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else {
        return false;
    };
    let word = &token.lower;
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let digits = word.chars().any(|c| c.is_ascii_digit());
    // "B12", "INR", but neither "5" nor "5mg".
    if letters == 0 || word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if letters < 3 && !digits {
        return false;
    }
    if digits {
        return true;
    }
    // A stop word, a word that only asks, or one that has a common word for it.
    let Some(topic) = topic_words(word).next() else {
        return false;
    };
    if tells_which(tokens, at) || (is_capital(token) && !shouts(tokens)) {
        return true;
    }
    let plain = content_words(word).next().unwrap_or_default();
    !(is_everyday(&plain) || is_everyday(&topic) || is_everyday_form(word) || is_slip(&plain))
}

pub(super) fn is_exact(word: &str) -> bool {
    content_words(word).any(|word| EXACT.contains(word.as_str()))
}

fn is_everyday(word: &str) -> bool {
    EVERYDAY.contains(word)
}

fn is_everyday_form(word: &str) -> bool {
    let everyday = |rest: &str| {
        rest.chars().count() >= 3 && content_words(rest).any(|rest| is_everyday(&rest))
    };
    let begun = BEGINNINGS
        .iter()
        .any(|beginning| word.strip_prefix(beginning).is_some_and(everyday));
    begun
        || ENDINGS
            .iter()
            .any(|ending| word.strip_suffix(ending).is_some_and(everyday))
}

/// An everyday word with one mistake in it.
fn is_slip(word: &str) -> bool {
    word.len() >= LEAST_SLIP
        && EVERYDAY
            .iter()
            .any(|other| other.len() + 1 >= LEAST_SLIP && is_mistake(word, other, 1))
}

/// "Oak" in "oak ward", "knee" in "knee replacement": what comes before tells which.
fn tells_which(tokens: &[Token], at: usize) -> bool {
    let is_in = |word: &str, words: &str| words.split(' ').any(|other| other == word);
    let (Some(token), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else {
        return false;
    };
    let one = next.lower.strip_suffix('s').unwrap_or(&next.lower);
    (is_in(one, PLACES) && !is_in(&token.lower, ANY_PLACE))
        || (is_in(one, PROCEDURES) && !is_in(&token.lower, ANY_PROCEDURE))
}

fn is_capital(token: &Token) -> bool {
    let capital = token.text.starts_with(char::is_uppercase);
    let all = token.text.chars().all(char::is_uppercase);
    capital && !all && !token.first
}

/// Whether capitals tell nothing: most words have them.
fn shouts(tokens: &[Token]) -> bool {
    let capital = tokens
        .iter()
        .filter(|token| token.text.starts_with(char::is_uppercase))
        .count();
    capital * 2 > tokens.len()
}

/// Words with the number or the letter that tells which one is meant.
pub(super) fn labels(tokens: &[Token]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(label) = tokens.get(at + 1) else {
            break;
        };
        let number = label.lower.len() <= 3 && label.lower.chars().all(|c| c.is_ascii_digit());
        let letter = label.lower.chars().count() == 1
            && label
                .lower
                .chars()
                .all(|c| ('b'..='k').contains(&c) && c != 'i')
            || label.text == "A";
        let amount = tokens
            .get(at + 2)
            .is_some_and(|next| number && UNITS.split_whitespace().any(|unit| unit == next.lower));
        let word = token.lower.chars().count() >= 3
            && token.lower.chars().all(char::is_alphabetic)
            && !MEASURES
                .split_whitespace()
                .any(|measure| measure == token.lower);
        if word && (number || letter) && !amount {
            let word = content_words(&token.lower).next();
            found.extend(word.map(|word| (word, label.lower.clone())));
        }
    }
    found
}
