//! Tells the languages of a message by its frequent words.
//!
//! Nobody says in which language a message is. Words that are harmless in one language are a sign in
//! another, so only the languages in which a message may be read it: those with at least three
//! quarters as many frequent words as the best one. A message without any is read in all.

use super::compile::Language;
use super::text::Text;

/// Returns for each language whether its rules read a message.
pub fn that_read(languages: &[Language], text: &Text) -> Vec<bool> {
    let counts: Vec<usize> = languages
        .iter()
        .map(|language| common(language, text))
        .collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    let may_be = |count: usize| 4 * count >= 3 * most;
    counts.into_iter().map(may_be).collect()
}

fn common(language: &Language, text: &Text) -> usize {
    let tokens = text.tokens.iter();
    tokens
        .filter(|token| language.common.contains(&token.text))
        .count()
}
