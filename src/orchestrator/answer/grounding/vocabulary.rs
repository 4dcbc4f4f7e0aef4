//! The words that may differ between a sentence and the passage that supports it.
//!
//! A word of the sentence that the passage lacks is a suspect: a medicine, an illness or a group of
//! people may have been added. Two kinds of words are exempt: words that make no claim of their
//! own, and words that mean the same as a word of the passage.

#[cfg(test)]
mod tests;

use crate::language::lists::Set;
use crate::language::{content_words, spoken};

/// Shorter stems are shared by chance.
const MIN_STEM: usize = 5;

/// Returns the meaningful words of a lower-case text, with one word for each meaning.
pub(super) fn meaningful(text: &str) -> impl Iterator<Item = String> + '_ {
    let meanings = &spoken().claims.meanings;
    content_words(text).map(|word| meanings.get(&word).cloned().unwrap_or(word))
}

/// Returns the stem that represents the meaning of a lower-case word.
pub(super) fn meaning(word: &str) -> String {
    let stem = spoken().words.stem(word);
    let meaning = spoken().claims.meanings.get(&stem);
    meaning.cloned().unwrap_or(stem)
}

/// Whether the word makes no claim of its own.
pub(super) fn is_neutral(word: &str) -> bool {
    spoken().claims.discourse.contains(word)
}

/// Whether the words of a passage contain this one, or a form derived from the same stem.
pub(super) fn holds(words: &Set<String>, word: &str) -> bool {
    words.contains(word) || words.iter().any(|other| is_akin(other, word))
}

/// Accepts "allergy" and "allergic", or "regular" and "regularly"; not "prednisone" and
/// "prednisolone".
pub(super) fn is_akin(one: &str, other: &str) -> bool {
    let endings = spoken().claims.endings;
    let shared: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let rest = |word: &str| {
        word.get(shared..)
            .is_some_and(|rest| endings.contains(&rest))
    };
    shared >= MIN_STEM && rest(one) && rest(other)
}
