//! The words of a question that name something.

use super::likeness::{alike, is_mistake};
use crate::language::{content_words, spoken, topic_words};

/// The fewest letters of a word that may be an everyday word with a mistake.
const LEAST_SLIP: usize = 6;

/// A word in its own form and in lower case.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub text: String,
    pub lower: String,
    /// Set at the beginning of a sentence, where a capital says nothing.
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

/// Whether the word at `at` names something that an answer must also name.
pub(super) fn is_name(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else {
        return false;
    };
    let word = &token.lower;
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let digits = word.chars().any(|c| c.is_ascii_digit());
    // Accepts "B12" and "INR", but neither "5" nor "5mg".
    if letters == 0 || word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if letters < 3 && !digits {
        return false;
    }
    if digits {
        return true;
    }
    // A stop word, a word that only asks, or a word that is replaced by a common one.
    let Some(topic) = topic_words(word).next() else {
        return false;
    };
    let is_distinct = spoken().words.distinct(word).is_some();
    if is_distinct || tells_which(tokens, at) || (is_capital(token) && !shouts(tokens)) {
        return true;
    }
    let plain = content_words(word).next().unwrap_or_default();
    !(is_everyday(&plain) || is_everyday(&topic) || is_everyday_form(word) || is_slip(&plain))
}

fn is_everyday(stem: &str) -> bool {
    spoken().names.everyday_stems.contains(stem)
}

fn is_everyday_form(word: &str) -> bool {
    let names = &spoken().names;
    let everyday = |rest: &str| {
        rest.chars().count() >= 3
            && (content_words(rest).any(|rest| is_everyday(&rest))
                || names.everyday.contains(&format!("{rest}e"))
                || names.everyday.contains(undoubled(rest)))
    };
    let mut beginnings = names.beginnings.iter();
    let mut endings = names.endings.iter();
    beginnings.any(|beginning| word.strip_prefix(beginning).is_some_and(everyday))
        || endings.any(|ending| word.strip_suffix(ending).is_some_and(everyday))
}

/// Turns "runn" into "run".
fn undoubled(word: &str) -> &str {
    let mut letters = word.chars();
    match (letters.next_back(), letters.next_back()) {
        (Some(last), Some(other)) if last == other => word.strip_suffix(last).unwrap_or(word),
        _ => word,
    }
}

/// Whether a stem is an everyday word with one mistake.
fn is_slip(stem: &str) -> bool {
    let mut everyday = spoken().names.everyday_stems.beginning_like(stem);
    stem.len() >= LEAST_SLIP
        && everyday.any(|other| other.len() + 1 >= LEAST_SLIP && is_mistake(stem, other, 1))
}

/// Whether the word before decides which one is meant: "oak" in "oak ward", "knee" in "knee
/// replacement".
fn tells_which(tokens: &[Token], at: usize) -> bool {
    let names = &spoken().names;
    let (Some(token), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else {
        return false;
    };
    let one = next.lower.strip_suffix('s').unwrap_or(&next.lower);
    (names.places.contains(one) && !names.any_place.contains(&token.lower))
        || (names.procedures.contains(one) && !names.any_procedure.contains(&token.lower))
}

fn is_capital(token: &Token) -> bool {
    let capital = token.text.starts_with(char::is_uppercase);
    let all = token.text.chars().all(char::is_uppercase);
    capital && !all && !token.first
}

/// Whether capitals say nothing because most words have them.
fn shouts(tokens: &[Token]) -> bool {
    let capital = tokens
        .iter()
        .filter(|token| token.text.starts_with(char::is_uppercase))
        .count();
    capital * 2 > tokens.len()
}

/// Whether a title joins one of the names with another: "Aspirin and caffeine".
pub(super) fn is_combined(names: &[String], title: &str) -> bool {
    let tokens = tokens(title);
    let lower = |at: usize| tokens.get(at).map(|token| token.lower.as_str());
    let is_asked =
        |at: usize| lower(at).is_some_and(|word| names.iter().any(|name| alike(name, word)));
    let is_other = |at: usize| is_name(&tokens, at) && !is_asked(at);
    let joins = |at: usize| lower(at).is_some_and(|word| spoken().questions.joints.contains(word));
    (1..tokens.len().saturating_sub(1)).any(|at| {
        let (one, other) = (at - 1, at + 1);
        joins(at) && (is_asked(one) && is_other(other) || is_other(one) && is_asked(other))
    })
}

/// Returns words with the number or letter that says which one is meant.
pub(super) fn labels(tokens: &[Token]) -> Vec<(String, String)> {
    let names = &spoken().names;
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
            .is_some_and(|next| number && names.after_amounts.contains(&next.lower));
        let word = token.lower.chars().count() >= 3
            && token.lower.chars().all(char::is_alphabetic)
            && !names.before_amounts.contains(&token.lower);
        if word && (number || letter) && !amount {
            let word = content_words(&token.lower).next();
            found.extend(word.map(|word| (word, label.lower.clone())));
        }
    }
    found
}
