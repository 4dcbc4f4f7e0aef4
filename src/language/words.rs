//! Meaningful words, by which a question, an answer and a passage are compared.

mod memo;

use rust_stemmers::{Algorithm, Stemmer};

use super::lists::{Table, Words, lower_words};
use memo::{Memo, Reduced};

/// The words of a language and their reduced forms.
pub struct Vocabulary {
    stemmer: Stemmer,
    /// The common words of the language, reduced beforehand: most words of a text are among them,
    /// and a look into a table costs a tenth of the stemmer.
    known: Table<&'static str, Reduced>,
    /// The other words of recent texts.
    recent: Memo,
    /// Names with the stem of an everyday word; they keep all their letters.
    distinct: Words,
    /// The topic of a reduced word: none if it only asks, otherwise the word that represents it.
    topics: Table<String, Option<String>>,
    /// Endings of stems that do not change the topic.
    endings: &'static [&'static str],
}

/// The parts of a vocabulary.
pub(super) struct Parts {
    pub algorithm: Algorithm,
    /// Words that say nothing about the topic. Negations are not among them.
    pub stop_words: Words,
    /// Other words that texts often contain.
    pub common: Words,
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
            known: Table::default(),
            recent: Memo::default(),
            distinct: parts.distinct,
            topics: Table::default(),
            endings: parts.endings,
        };
        let reduced = |word: &str| {
            let stem = vocabulary.reduced(word);
            vocabulary.without_ending(&stem).to_owned()
        };
        let asking = parts.asking.split_whitespace();
        let asking = asking.map(|word| (reduced(word), None));
        let synonyms = parts.synonyms.iter().flat_map(|(one, others)| {
            let others = others.split_whitespace();
            others.map(|other| (reduced(other), Some(reduced(one))))
        });
        vocabulary.topics = asking.chain(synonyms).collect();
        let stop_words = parts.stop_words.iter().map(|word| (word, true));
        let common = parts.common.iter().map(|word| (word, false));
        let known = common.chain(stop_words).map(|(word, is_stop_word)| {
            let stem = vocabulary.reduced(word);
            let topic = (!is_stop_word).then(|| vocabulary.topic(&stem)).flatten();
            let reduced = Reduced {
                stem: stem.into(),
                topic: topic.map(Into::into),
                is_stop_word,
            };
            (word, reduced)
        });
        let known = known.collect();
        vocabulary.known = known;
        vocabulary
    }

    /// Returns the stem of a lower-case word, as PostgreSQL's full-text search makes it. A name
    /// that would share it with an everyday word stays complete ("scabies", "scab").
    pub fn stem(&self, word: &str) -> String {
        self.look_up(word, |forms| forms.stem.to_string())
    }

    /// Reads the reduced forms of a lower-case word.
    fn look_up<R>(&self, word: &str, read: impl FnOnce(&Reduced) -> R) -> R {
        match self.known.get(word) {
            Some(known) => read(known),
            None => self.recent.look_up(word, || self.reduce(word), read),
        }
    }

    /// Reduces a word that no table holds; stop words are in one.
    fn reduce(&self, word: &str) -> Reduced {
        let stem = self.reduced(word);
        Reduced {
            topic: self.topic(&stem).map(Into::into),
            stem: stem.into(),
            is_stop_word: false,
        }
    }

    /// Whether a lower-case word is a common word of the language.
    pub fn knows(&self, word: &str) -> bool {
        self.known.contains_key(word)
    }

    /// Reduces a word that no table holds.
    fn reduced(&self, word: &str) -> String {
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
        lower_words(text).filter_map(|word| {
            self.look_up(&word, |forms| {
                (!forms.is_stop_word).then(|| forms.stem.to_string())
            })
        })
    }

    /// Returns the stems that decide the topic, with one word for each meaning.
    pub fn topics<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        lower_words(text).filter_map(|word| {
            self.look_up(&word, |forms| forms.topic.as_deref().map(str::to_owned))
        })
    }

    /// Returns the topic of a stem; none if it only asks.
    fn topic(&self, stem: &str) -> Option<String> {
        let word = self.without_ending(stem);
        match self.topics.get(word) {
            Some(topic) => topic.clone(),
            None => Some(word.to_owned()),
        }
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
