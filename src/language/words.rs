//! Words that carry meaning, for comparing a question, an answer and a passage.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use super::lists::{Words, lower_words};

/// The words of a language and what they are reduced to.
pub struct Vocabulary {
    stemmer: Stemmer,
    /// Words that say nothing about the topic. Negations are not among them.
    stop_words: Words,
    /// Names that have the stem of an everyday word, which keep all their letters.
    distinct: Words,
    /// What a reduced word counts as: nothing if it only asks, else the word that stands for it.
    topics: HashMap<String, Option<String>>,
    /// Endings of stems that do not change the topic.
    endings: &'static [&'static str],
}

/// What a vocabulary is made of.
pub(super) struct Parts {
    pub algorithm: Algorithm,
    pub stop_words: Words,
    pub distinct: Words,
    /// Words that a question needs and its answer does not.
    pub asking: &'static str,
    /// Words of one topic: one for all, then the others.
    pub synonyms: &'static [(&'static str, &'static str)],
    pub endings: &'static [&'static str],
}

impl Vocabulary {
    pub(super) fn of(parts: Parts) -> Self {
        let mut vocabulary = Self {
            stemmer: Stemmer::create(parts.algorithm),
            stop_words: parts.stop_words,
            distinct: parts.distinct,
            topics: HashMap::new(),
            endings: parts.endings,
        };
        let reduced = |word: &str| {
            let stem = vocabulary.stem(word);
            vocabulary.without_ending(&stem).to_owned()
        };
        let asking = parts.asking.split_whitespace();
        let asking = asking.map(|word| (reduced(word), None));
        let synonyms = parts.synonyms.iter().flat_map(|(one, others)| {
            let others = others.split_whitespace();
            others.map(|other| (reduced(other), Some(reduced(one))))
        });
        vocabulary.topics = asking.chain(synonyms).collect();
        vocabulary
    }

    /// The stem of a lower-case word, the same that PostgreSQL's full-text search makes; a name that
    /// would share it with an everyday word stays whole ("scabies", "scab").
    pub fn stem(&self, word: &str) -> String {
        if let Some(name) = self.distinct(word) {
            return name.to_owned();
        }
        let stem = self.stemmer.stem(word);
        // Newer versions of the algorithm, PostgreSQL's too, leave "add", "egg" and "off" as they are.
        let mut letters = word.chars();
        match (letters.next(), letters.next(), letters.next()) {
            (Some(vowel), Some(one), Some(other))
                if stem.len() == 2 && one == other && "aeiou".contains(vowel) =>
            {
                format!("{stem}{one}")
            }
            _ => stem.into_owned(),
        }
    }

    /// The stems of a text without its stop words. Numbers stay as they are.
    pub fn content<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        lower_words(text)
            .filter(|word| !self.stop_words.contains(word))
            .map(|word| self.stem(&word))
    }

    /// Those that tell the topic, with words of one meaning made equal.
    pub fn topics<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        self.content(text).filter_map(|word| {
            let word = self.without_ending(&word);
            match self.topics.get(word) {
                Some(topic) => topic.clone(),
                None => Some(word.to_owned()),
            }
        })
    }

    /// The name that a lower-case word is, in the singular, if an everyday word has its stem.
    pub fn distinct<'a>(&self, word: &'a str) -> Option<&'a str> {
        let singular = word.strip_suffix('s').unwrap_or(word);
        let mut names = [word, singular].into_iter();
        names.find(|name| self.distinct.contains(name))
    }

    fn without_ending<'a>(&self, word: &'a str) -> &'a str {
        self.endings
            .iter()
            .find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() >= 4))
            .unwrap_or(word)
    }
}
