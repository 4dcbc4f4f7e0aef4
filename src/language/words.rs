//! Meaningful words, by which a question, an answer and a passage are compared.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use super::lists::{Words, lower_words};

/// The words of a language and their reduced forms.
pub struct Vocabulary {
    stemmer: Stemmer,
    /// Words that say nothing about the topic. Negations are not among them.
    stop_words: Words,
    /// Names with the stem of an everyday word; they keep all their letters.
    distinct: Words,
    /// The topic of a reduced word: none if it only asks, otherwise the word that represents it.
    topics: HashMap<String, Option<String>>,
    /// Endings of stems that do not change the topic.
    endings: &'static [&'static str],
}

/// The parts of a vocabulary.
pub(super) struct Parts {
    pub algorithm: Algorithm,
    pub stop_words: Words,
    pub distinct: Words,
    /// Words that a question needs but its answer does not.
    pub asking: &'static str,
    /// Words of one topic: the representative, then the others.
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

    /// Returns the stem of a lower-case word, as PostgreSQL's full-text search makes it. A name
    /// that would share it with an everyday word stays complete ("scabies", "scab").
    pub fn stem(&self, word: &str) -> String {
        if let Some(name) = self.distinct(word) {
            return name.to_owned();
        }
        let stem = self.stemmer.stem(word);
        // Newer versions of the algorithm, including PostgreSQL's, leave "add", "egg" and "off"
        // unchanged.
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

    /// Returns the stems of a text without its stop words. Numbers stay unchanged.
    pub fn content<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        lower_words(text)
            .filter(|word| !self.stop_words.contains(word))
            .map(|word| self.stem(&word))
    }

    /// Returns the stems that decide the topic, with one word for each meaning.
    pub fn topics<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        self.content(text).filter_map(|word| {
            let word = self.without_ending(&word);
            match self.topics.get(word) {
                Some(topic) => topic.clone(),
                None => Some(word.to_owned()),
            }
        })
    }

    /// Returns the singular name of a lower-case word, if an everyday word has its stem.
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
