//! Patterns: sequences of words that tolerate words between them.
//!
//! `"stop* .. bleed*|blood"` means a word that begins with "stop", up to four other words (two for
//! each dot), and one that begins with "bleed" or is "blood". Between parts without dots one word may
//! stand; ideographs of one part stand side by side.

use std::collections::HashMap;

use super::text::{Text, Token};
use super::words::{WordId, Words};

/// A set of patterns any of which may occur.
pub type GroupId = usize;

#[derive(Clone, Debug)]
struct Step {
    words: Vec<WordId>,
    /// The most words between the step before and this one.
    room: usize,
}

#[derive(Clone, Debug)]
struct Pattern {
    group: GroupId,
    rest: Vec<Step>,
}

/// Where a pattern stands: its first and its last token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub first: usize,
    pub last: usize,
}

/// All patterns of all languages.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    pub words: Words,
    all: Vec<Pattern>,
    /// For each word, the patterns that begin with it.
    by_first: Vec<Vec<usize>>,
    groups: HashMap<(usize, Vec<String>), GroupId>,
}

/// Why a pattern cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PatternError {
    #[error("the pattern {0:?} has no words; write at least one, for example \"chest pain\"")]
    Empty(String),
    #[error("a group has no patterns; list at least one, or leave the group out")]
    EmptyGroup,
}

impl Patterns {
    /// Adds a set of patterns, or finds the same set again.
    pub fn group(&mut self, language: usize, patterns: &[String]) -> Result<GroupId, PatternError> {
        if patterns.is_empty() {
            return Err(PatternError::EmptyGroup);
        }
        let key = (language, patterns.to_vec());
        if let Some(id) = self.groups.get(&key) {
            return Ok(*id);
        }
        let id = self.groups.len();
        for pattern in patterns {
            self.add(language, id, pattern)?;
        }
        self.groups.insert(key, id);
        Ok(id)
    }

    fn add(&mut self, language: usize, group: GroupId, pattern: &str) -> Result<(), PatternError> {
        let mut steps = Vec::new();
        let mut room = 1;
        for part in pattern.split_whitespace() {
            if part.bytes().all(|byte| byte == b'.') {
                room = 2 * part.len();
                continue;
            }
            steps.extend(self.steps(language, part, room));
            room = 1;
        }
        let mut steps = steps.into_iter();
        let first = steps
            .next()
            .ok_or_else(|| PatternError::Empty(pattern.to_owned()))?;
        let id = self.all.len();
        let rest = steps.collect();
        self.all.push(Pattern { group, rest });
        for word in first.words {
            if self.by_first.len() <= word {
                self.by_first.resize_with(word + 1, Vec::new);
            }
            self.by_first
                .get_mut(word)
                .into_iter()
                .for_each(|begun| begun.push(id));
        }
        Ok(())
    }

    /// The steps of a part without spaces: one, or one for each ideograph.
    fn steps(&mut self, language: usize, part: &str, room: usize) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for alternative in part.split('|') {
            let mark = if alternative.ends_with('*') { "*" } else { "" };
            for (at, word) in Text::words(alternative).into_iter().enumerate() {
                let id = self.words.add(language, &(word + mark));
                match steps.get_mut(at) {
                    Some(step) => step.words.push(id),
                    None => steps.push(Step {
                        words: vec![id],
                        room: if at == 0 { room } else { 0 },
                    }),
                }
            }
        }
        steps
    }

    /// Finds the patterns of the languages that read a message.
    pub fn find(&self, tokens: &[Token], reads: &[bool]) -> Places {
        let mut known: HashMap<&str, Vec<WordId>> = HashMap::new();
        for token in tokens {
            if !known.contains_key(token.text.as_str()) {
                known.insert(&token.text, self.words.of(token, reads));
            }
        }
        let none = Vec::new();
        let words: Vec<&Vec<WordId>> = tokens
            .iter()
            .map(|token| known.get(token.text.as_str()).unwrap_or(&none))
            .collect();
        let mut places = Places(vec![Vec::new(); self.groups.len()]);
        for (first, ids) in words.iter().enumerate() {
            let begun = ids.iter().filter_map(|id| self.by_first.get(*id)).flatten();
            for pattern in begun.filter_map(|id| self.all.get(*id)) {
                if let Some(last) = ending(pattern, first, &words, tokens) {
                    places.add(pattern.group, Place { first, last });
                }
            }
        }
        places
    }
}

/// The last token of a pattern that begins at a token, within its sentence.
fn ending(
    pattern: &Pattern,
    first: usize,
    words: &[&Vec<WordId>],
    tokens: &[Token],
) -> Option<usize> {
    let sentence = tokens.get(first)?.sentence;
    let mut at = first;
    for step in &pattern.rest {
        let candidates = at + 1..=at + 1 + step.room;
        at = candidates.into_iter().find(|next| {
            let inside = tokens
                .get(*next)
                .is_some_and(|token| token.sentence == sentence);
            inside
                && words.get(*next).is_some_and(|ids| {
                    step.words
                        .iter()
                        .any(|word| ids.binary_search(word).is_ok())
                })
        })?;
    }
    Some(at)
}

/// The places of each group, in the order of the message.
#[derive(Debug, Default)]
pub struct Places(Vec<Vec<Place>>);

impl Places {
    fn add(&mut self, group: GroupId, place: Place) {
        if let Some(places) = self.0.get_mut(group)
            && places.last() != Some(&place)
        {
            places.push(place);
        }
    }

    /// The places of a group.
    pub fn of(&self, group: GroupId) -> &[Place] {
        self.0.get(group).map_or(&[], Vec::as_slice)
    }

    /// The places of a group that begin within these tokens.
    pub fn within(&self, group: GroupId, from: usize, to: usize) -> &[Place] {
        let places = self.of(group);
        let begin = places.partition_point(|place| place.first < from);
        let end = places.partition_point(|place| place.first <= to);
        places.get(begin..end).unwrap_or_default()
    }
}
