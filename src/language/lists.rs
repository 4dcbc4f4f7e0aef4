//! The notation of a language: words in one text with spaces between them, and single phrases.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use aho_corasick::AhoCorasick;
use foldhash::fast::RandomState;

/// A table with a quick hash, for words: each word of each text is looked up.
pub type Table<K, V> = HashMap<K, V, RandomState>;

/// A set with a quick hash, for words.
pub type Set<T> = HashSet<T, RandomState>;

/// A set of lower-case words.
pub struct Words(Set<&'static str>);

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

/// Reduced words, among which one with a mistake can be looked for.
pub struct Stems {
    all: Set<String>,
    by_first: Table<char, Vec<String>>,
}

impl Stems {
    pub(super) fn of(stems: impl Iterator<Item = String>) -> Self {
        let all: Set<String> = stems.collect();
        let mut by_first: Table<char, Vec<String>> = Table::default();
        for stem in &all {
            if let Some(first) = stem.chars().next() {
                by_first.entry(first).or_default().push(stem.clone());
            }
        }
        Self { all, by_first }
    }

    pub fn contains(&self, stem: &str) -> bool {
        self.all.contains(stem)
    }

    /// Returns the stems that begin with the same letter.
    pub fn beginning_like(&self, word: &str) -> impl Iterator<Item = &str> {
        let same = word.chars().next().and_then(|c| self.by_first.get(&c));
        same.into_iter().flatten().map(String::as_str)
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

/// Short forms and the texts for which they stand.
pub struct Replacements {
    pairs: &'static [(&'static str, &'static str)],
    /// Finds the short forms in one pass: most texts have none.
    any: Option<AhoCorasick>,
}

impl Replacements {
    pub(super) fn of(pairs: &'static [(&'static str, &'static str)]) -> Self {
        let short = pairs.iter().map(|(short, _)| short);
        Self {
            pairs,
            any: AhoCorasick::new(short).ok(),
        }
    }

    /// Returns the text with each short form replaced, in the order of the list.
    pub fn apply<'a>(&self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        let text = text.into();
        if self.any.as_ref().is_some_and(|any| !any.is_match(&*text)) {
            return text;
        }
        self.pairs.iter().fold(text, |text, (short, long)| {
            if text.contains(short) {
                text.replace(short, long).into()
            } else {
                text
            }
        })
    }

    /// Whether the text begins with a short form, in capitals or not.
    pub fn begin(&self, text: &str) -> bool {
        self.pairs.iter().any(|(short, _)| {
            let start = text.get(..short.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(short))
        })
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
