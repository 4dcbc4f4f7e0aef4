//! The questions of one message: each has passages of its own.

use crate::domain::evidence::{Correction, Passage, RetrieveResponse};
use crate::language::conversation::parts;
use crate::language::lists::Set;
use crate::language::subject::sides;
use crate::language::{Tongue, topic_words};

/// The share of the usual support that a side of a comparison needs once another side is answered.
const OTHER_SIDE: f32 = 0.4;

/// One question of a text.
pub(super) struct Portion {
    pub text: String,
    /// The least support that it needs, as a share of the usual one.
    pub share: f32,
    /// The words that only this side of a comparison has.
    own: Set<String>,
}

impl Portion {
    pub fn whole(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            share: 1.0,
            own: Set::default(),
        }
    }

    /// Returns the passages for a side of a comparison: those of documents named for it, if there are
    /// any.
    pub fn own_passages(&self, found: &RetrieveResponse) -> RetrieveResponse {
        let mut own = found.clone();
        let is_named =
            |passage: &Passage| topic_words(&passage.title).any(|word| self.own.contains(&word));
        if !self.own.is_empty() && own.results.iter().any(is_named) {
            own.results.retain(is_named);
        }
        own
    }
}

/// Returns the questions of a text, if it has several: its sentences that ask, or the sides of a
/// comparison.
pub(super) fn parts_of(text: &str, tongue: Tongue) -> Vec<Portion> {
    let parts = parts(text, tongue);
    if !parts.is_empty() {
        return parts.iter().map(|part| Portion::whole(part)).collect();
    }
    let sides = sides(text);
    let words: Vec<Set<String>> = sides
        .iter()
        .map(|side| topic_words(side).collect())
        .collect();
    let side = |(at, text): (usize, &String)| {
        let others: Set<&String> = words
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .flat_map(|(_, words)| words)
            .collect();
        let own = words
            .get(at)
            .into_iter()
            .flatten()
            .filter(|word| !others.contains(word));
        Portion {
            text: text.clone(),
            share: OTHER_SIDE,
            own: own.cloned().collect(),
        }
    };
    sides.iter().enumerate().map(side).collect()
}

/// Returns a text with its misspelt words replaced by those that were meant.
pub(super) fn corrected(text: &str, corrections: &[Correction]) -> String {
    let word = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        let meant = corrections
            .iter()
            .find(|one| one.typed.to_lowercase() == plain.to_lowercase());
        meant.map_or_else(|| word.to_owned(), |one| word.replace(plain, &one.meant))
    };
    if corrections.is_empty() {
        return text.to_owned();
    }
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
