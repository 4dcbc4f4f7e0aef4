//! The notation of a language: words in one text with spaces between them, and single phrases.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A table with a quick hash, for the words of a language: each word of each text is looked up.
pub(super) type Table<K, V> = HashMap<K, V, RandomState>;

/// A set of lower-case words.
pub struct Words(HashSet<&'static str, RandomState>);

impl Words {
    /// Collects the words of these texts.
    pub(super) fn of(texts: &[&'static str]) -> Self {
        let texts = texts.iter().copied();
        Self(texts.flat_map(str::split_whitespace).collect())
    }

    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Returns the word itself, with the lifetime of the list.
    pub fn get(&self, word: &str) -> Option<&'static str> {
        self.0.get(word).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// Phrases of whole lower-case words, in the order in which they are searched.
pub struct Phrases(Vec<String>);

impl Phrases {
    pub(super) fn of(phrases: &[&str]) -> Self {
        Self(phrases.iter().map(|phrase| format!(" {phrase} ")).collect())
    }

    /// Whether a text in the form of [`spaced`] contains one of them.
    pub fn are_in(&self, spaced: &str) -> bool {
        self.0.iter().any(|phrase| spaced.contains(phrase.as_str()))
    }

    /// Whether such a text begins with one of them.
    pub fn begin(&self, spaced: &str) -> bool {
        let mut phrases = self.0.iter();
        phrases.any(|phrase| spaced.starts_with(phrase.as_str()))
    }

    /// Returns what follows the last of them in such a text, with a space before it.
    pub fn after_last_in<'a>(&self, spaced: &'a str) -> Option<&'a str> {
        let ends = self.0.iter().filter_map(|phrase| {
            let at = spaced.rfind(phrase.as_str())?;
            Some(at + phrase.len() - 1)
        });
        ends.max().and_then(|end| spaced.get(end..))
    }

    /// Returns the first of them in such a text.
    pub fn first_in(&self, spaced: &str) -> Option<&str> {
        let mut phrases = self.0.iter().map(String::as_str);
        phrases.find(|phrase| spaced.contains(phrase))
    }
}

/// Returns the lower-case words of a text.
pub fn lower_words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Returns the lower-case words of a text, with a space before and after each.
pub fn spaced(text: &str) -> String {
    let mut spaced = String::from(" ");
    for word in lower_words(text) {
        spaced.push_str(&word);
        spaced.push(' ');
    }
    spaced
}
