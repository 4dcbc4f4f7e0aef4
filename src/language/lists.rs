//! How a language is written down: words in one text with blanks between them, phrases one by one.

use std::collections::HashSet;

/// A set of lower-case words.
pub struct Words(HashSet<&'static str>);

impl Words {
    /// The words of these texts, each with blanks between its words.
    pub(super) fn of(texts: &[&'static str]) -> Self {
        let texts = texts.iter().copied();
        Self(texts.flat_map(str::split_whitespace).collect())
    }

    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// Phrases of whole lower-case words, in the order in which they are looked for.
pub struct Phrases(Vec<String>);

impl Phrases {
    pub(super) fn of(phrases: &[&str]) -> Self {
        Self(phrases.iter().map(|phrase| format!(" {phrase} ")).collect())
    }

    /// Whether one of them is in a text as [`spaced`] writes it.
    pub fn are_in(&self, spaced: &str) -> bool {
        self.0.iter().any(|phrase| spaced.contains(phrase.as_str()))
    }

    /// Whether such a text begins with one of them.
    pub fn begin(&self, spaced: &str) -> bool {
        let mut phrases = self.0.iter();
        phrases.any(|phrase| spaced.starts_with(phrase.as_str()))
    }

    /// The first of them that is in such a text.
    pub fn first_in(&self, spaced: &str) -> Option<&str> {
        let mut phrases = self.0.iter().map(String::as_str);
        phrases.find(|phrase| spaced.contains(phrase))
    }

    /// The text before each of them.
    pub fn before<'a>(&'a self, spaced: &'a str) -> impl Iterator<Item = &'a str> {
        let phrases = self.0.iter();
        let found = phrases.flat_map(|phrase| spaced.match_indices(phrase.as_str()));
        found.filter_map(|(at, _)| spaced.get(..at))
    }
}

/// The lower-case words of a text.
pub fn lower_words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The lower-case words of a text, each with a blank before and after it.
pub fn spaced(text: &str) -> String {
    let mut spaced = String::from(" ");
    for word in lower_words(text) {
        spaced.push_str(&word);
        spaced.push(' ');
    }
    spaced
}
