//! The words by which a message points into its conversation, from `config/conversation`, one file a
//! language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::lists::spaced;
use crate::language::{Tongue, by_tongue};

/// The marks at the end of a question to which more is added.
pub(super) const ENDS: [char; 6] = ['?', '？', '؟', '.', '。', ' '];

/// The words of one language, lower case and without punctuation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cues {
    /// Words at the beginning that go on from the last question.
    openers: Vec<String>,
    /// Words at the beginning that put the last question right.
    corrections: Vec<String>,
    /// Words that stand for something said before.
    pub pointing: Vec<String>,
    /// Expressions with such a word that point at nothing.
    not_pointing: Vec<String>,
    /// Nouns that name a kind of thing and no certain one.
    pub kinds: Vec<String>,
    /// Words with which a part of a question begins.
    prepositions: Vec<String>,
    /// Those of them that add to the last question and replace nothing in it.
    adding: Vec<String>,
    /// Words that choose the option that was not chosen before.
    #[serde(default)]
    pub other: Vec<String>,
    /// Words that choose every option.
    pub every: Vec<String>,
    /// Words that choose an option by its place, for each place.
    pub places: Vec<Vec<String>>,
}

/// The beginning of a message that ties it to the message before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    Opener,
    Correction,
}

static ALL: LazyLock<BTreeMap<Tongue, Cues>> = LazyLock::new(|| {
    let read = |(tongue, file)| {
        let cues: Cues = toml::from_str(file).ok()?;
        Some((tongue, cues.joined(tongue)))
    };
    by_tongue!("conversation")
        .into_iter()
        .filter_map(read)
        .collect()
});

static NONE: Cues = Cues {
    openers: Vec::new(),
    corrections: Vec::new(),
    pointing: Vec::new(),
    not_pointing: Vec::new(),
    kinds: Vec::new(),
    prepositions: Vec::new(),
    adding: Vec::new(),
    other: Vec::new(),
    every: Vec::new(),
    places: Vec::new(),
};

impl Cues {
    /// Returns the words of a language. A test reads every file, so none is missing.
    pub fn of(tongue: Tongue) -> &'static Self {
        let all: &'static BTreeMap<Tongue, Self> = &ALL;
        all.get(&tongue).unwrap_or(&NONE)
    }

    /// Returns the words in the form of [`joined`], in which they are looked for.
    fn joined(mut self, tongue: Tongue) -> Self {
        let lists = [
            &mut self.openers,
            &mut self.corrections,
            &mut self.pointing,
            &mut self.not_pointing,
            &mut self.kinds,
            &mut self.prepositions,
            &mut self.adding,
            &mut self.other,
            &mut self.every,
        ];
        for word in lists.into_iter().chain(&mut self.places).flatten() {
            joined(word, tongue).trim().clone_into(word);
        }
        self
    }

    /// Cuts the ties off the beginning of a text in the form of [`joined`]; the last one counts.
    pub fn untied<'a>(&self, plain: &'a str) -> (&'a str, Option<Tie>) {
        let (mut rest, mut tie) = (plain, None);
        loop {
            let cut = |words: &[String]| longest_at_start(words, rest);
            if let Some(after) = cut(&self.corrections) {
                (rest, tie) = (after, Some(Tie::Correction));
            } else if let Some(after) = cut(&self.openers) {
                (rest, tie) = (after, tie.or(Some(Tie::Opener)));
            } else {
                return (rest, tie);
            }
        }
    }

    /// Whether such a text begins with a word of a part of a question.
    pub fn begins_a_part(&self, plain: &str) -> bool {
        longest_at_start(&self.prepositions, plain).is_some()
    }

    /// Whether it begins with a word that adds to the last question.
    pub fn adds(&self, plain: &str) -> bool {
        longest_at_start(&self.adding, plain).is_some()
    }

    /// Whether a word adds a circumstance.
    pub fn is_adding(&self, word: &str) -> bool {
        self.adding.iter().any(|known| known == word)
    }

    /// Whether an expression that points at nothing covers the word at these bytes.
    pub fn points_at_nothing(&self, plain: &str, at: usize) -> bool {
        self.not_pointing.iter().any(|phrase| {
            let mut found = plain.match_indices(phrase.as_str());
            found.any(|(from, _)| (from..from + phrase.len()).contains(&at))
        })
    }
}

/// Returns the text in lower case with one space around each word, or without any space if its
/// language writes none.
pub(super) fn joined(text: &str, tongue: Tongue) -> String {
    if tongue.has_spaces() {
        spaced(text)
    } else {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    }
}

/// Whether a text in the form of [`joined`] contains the words.
pub(super) fn says(plain: &str, words: &str, tongue: Tongue) -> bool {
    if tongue.has_spaces() {
        plain.contains(&format!(" {words} "))
    } else {
        plain.contains(words)
    }
}

/// Returns what follows the longest of the expressions with which a text begins.
fn longest_at_start<'a>(expressions: &[String], plain: &'a str) -> Option<&'a str> {
    let rests = expressions.iter().filter_map(|expression| {
        match plain.strip_prefix(' ') {
            // A word ends where a space stands, and the space begins the rest.
            Some(body) => body
                .strip_prefix(expression.as_str())
                .filter(|rest| rest.starts_with(' ')),
            None => plain.strip_prefix(expression.as_str()),
        }
    });
    let rests = rests.filter(|rest| !rest.trim().is_empty());
    rests.min_by_key(|rest| rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_words() {
        for tongue in Tongue::ALL {
            let cues = ALL.get(&tongue);
            assert!(
                cues.is_some_and(|cues| !cues.pointing.is_empty()),
                "{tongue:?}"
            );
            for word in &Cues::of(tongue).openers {
                assert_eq!(joined(word, tongue).trim(), word, "{tongue:?}");
            }
        }
    }

    #[test]
    fn the_ties_of_a_message_are_cut_off() {
        let untied = |text: &str, tongue| {
            let plain = joined(text, tongue);
            let (rest, tie) = Cues::of(tongue).untied(&plain);
            (rest.trim().to_owned(), tie)
        };
        let english = |text| untied(text, Tongue::English);
        assert_eq!(
            english("And for children?"),
            ("for children".into(), Some(Tie::Opener))
        );
        assert_eq!(
            english("No, I meant ward 8"),
            ("ward 8".into(), Some(Tie::Correction))
        );
        assert_eq!(english("Andrew asks"), ("andrew asks".into(), None));
        assert_eq!(english("And?"), ("and".into(), None));
        assert_eq!(untied("那孩子呢？", Tongue::Chinese).0, "孩子呢");
    }
}
