//! Whether a text is in the language for which there are rules.

use super::lists::lower_words;
use super::spoken;

/// Fewer words do not tell their language.
const FEW: usize = 4;
/// The share of words, in tenths, that the language knows.
const KNOWN: usize = 5;
/// The share if none of them is a word without a meaning of its own.
const KNOWN_ALONE: usize = 7;

/// Whether a text is in the language for which there are rules.
pub fn are_spoken(text: &str) -> bool {
    let (words, names) = (&spoken().words, &spoken().names);
    let is_known =
        |word: &str| words.knows(word) || names.everyday_stems.contains(&words.stem(word));
    let claims = &spoken().claims;
    let is_plain = |word: &str| {
        claims.function.contains(word)
            || claims.prepositions.contains_key(word)
            || claims.operators.contains_key(word)
    };
    let (mut all, mut common, mut plain) = (0, 0, false);
    for word in lower_words(text).filter(|word| {
        word.chars().all(char::is_alphabetic) && (word.chars().nth(1).is_some() || is_plain(word))
    }) {
        all += 1;
        plain |= is_plain(&word);
        common += usize::from(is_plain(&word) || is_known(&word));
    }
    if all < FEW {
        return text.is_ascii() || common == all;
    }
    common * 10 >= all * if plain { KNOWN } else { KNOWN_ALONE }
}
