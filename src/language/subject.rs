//! The subject of a question, and whether a unit of a passage is about it.
//!
//! A word that is neither everyday English nor a way of asking names something: a medicine, an
//! illness, an animal, a food, a ward. An answer must come from lines that name the same thing,
//! themselves or through their heading, lead-in, header or title: the dose of one medicine is no
//! answer about another. Spelling mistakes and other forms of the word match as well.

mod asking;
mod lexicon;
mod likeness;
mod reach;
mod sides;
#[cfg(test)]
mod tests;

use crate::language::lists::{Set, Table};
use std::cell::LazyCell;

use super::question::Asked;
use super::units::{Extract, Section, Unit, sections};
use super::{content_words, spoken, topic_words};
use asking::{Asking, compares, restricts};
use likeness::alike;
use reach::Reach;
pub use sides::sides;

/// Finds the subject of a question.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Names that must all occur.
    names: Vec<String>,
    /// Groups of names of which one must occur: "paracetamol or ibuprofen".
    choices: Vec<Vec<String>>,
    /// A word, and the number or letter that says which one: "ward 7", "hepatitis b".
    labels: Vec<(String, String)>,
    /// Things of one kind, by the index of their group.
    rivals: Vec<(usize, String)>,
    asking: Asking,
}

impl Subject {
    /// Finds the subject of a question.
    pub fn of(question: &str) -> Self {
        let questions = &spoken().questions;
        let tokens = lexicon::tokens(question);
        let asking = Asking::of(question);
        let mut found = Self {
            asking,
            ..Self::default()
        };
        let named: Vec<usize> = (0..tokens.len())
            .filter(|at| lexicon::is_name(&tokens, *at))
            .collect();
        let word = |at: usize| {
            tokens
                .get(at)
                .map(|token| token.lower.clone())
                .unwrap_or_default()
        };
        let mut group: Vec<String> = Vec::new();
        for (nth, at) in named.iter().enumerate() {
            let joined = |one: usize, other: usize| {
                let between = tokens.get(one + 1..other).unwrap_or_default();
                let words = between.iter().map(|token| token.lower.as_str());
                let joint: Vec<&str> = words
                    .filter(|word| !questions.articles.contains(word))
                    .collect();
                let [joint] = joint.as_slice() else {
                    return false;
                };
                questions.or.contains(joint) || questions.and.contains(joint) && compares(question)
            };
            let with_next = named.get(nth + 1).is_some_and(|next| joined(*at, *next));
            let with_last = nth
                .checked_sub(1)
                .and_then(|last| named.get(last))
                .is_some_and(|last| joined(*last, *at));
            if with_next || with_last {
                if !with_last && !group.is_empty() {
                    found.choices.push(std::mem::take(&mut group));
                }
                group.push(word(*at));
            } else {
                found.names.push(word(*at));
            }
        }
        if !group.is_empty() {
            found.choices.push(group);
        }
        found.labels = lexicon::labels(&tokens);
        found.rivals = rivals(question);
        found
    }

    /// Finds the subject of one question of a message. What the person says beside a question
    /// whether something may be taken is a condition: "I take lithium. Can I take ibuprofen?"
    pub fn of_asked(asked: &Asked) -> Self {
        let mut found = Self::of(&asked.text);
        if found.asking.permission {
            let beside = Self::of(&asked.around);
            let named = beside.named().flat_map(topic_words);
            let new = named.filter(|word| !found.named().any(|name| name == word));
            let new: Vec<String> = new.collect();
            found.asking.condition.extend(new);
        }
        found
    }

    /// Returns the names, those of which one is enough as well.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().chain(self.choices.iter().flatten());
        names.map(String::as_str)
    }

    /// Whether the question names something or says which one of its kind: "ward 7".
    pub fn is_named(&self) -> bool {
        self.named().next().is_some() || !self.labels.is_empty()
    }

    /// The words with a number or a letter that says which one is meant.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.labels.iter();
        labels.map(|(word, label)| (word.as_str(), label.as_str()))
    }

    /// The groups of which the question names a member, with the stem of the member.
    pub fn rivals(&self) -> impl Iterator<Item = (usize, &str)> {
        let rivals = self.rivals.iter();
        rivals.map(|(group, stem)| (*group, stem.as_str()))
    }

    /// Whether every passage is acceptable.
    fn is_open(&self) -> bool {
        self.names.is_empty()
            && self.choices.is_empty()
            && self.labels.is_empty()
            && self.rivals.is_empty()
            && !self.asking.who_must_not
            && self.asking.condition.is_empty()
    }

    /// Whether a unit of the passage is about the subject; `beyond` as in [`Self::is_met`].
    pub fn is_in(&self, extract: &Extract<'_>, beyond: &Set<String>) -> bool {
        self.is_open()
            || sections(extract)
                .iter()
                .any(|section| (0..section.units.len()).any(|at| self.is_met(section, at, beyond)))
    }

    /// Whether the extracts together name everything that the question compares.
    pub fn is_covered_by<'a>(&self, extracts: impl Iterator<Item = Extract<'a>>) -> bool {
        let mut missing: Vec<&String> = self.choices.iter().flatten().collect();
        if missing.is_empty() {
            return true;
        }
        for extract in extracts {
            let context = extract.context.unwrap_or_default();
            let words: Set<String> = words_of(extract.title)
                .chain(words_of(extract.text))
                .chain(context.iter().flat_map(|line| words_of(&line.text)))
                .collect();
            missing.retain(|name| !holds(&words, name));
        }
        missing.is_empty()
    }

    /// Whether the unit at `at` may answer: it can be shown, and it is about the subject. `beyond`
    /// contains the words of the document's other passages, which count a little.
    pub fn is_met(&self, section: &Section, at: usize, beyond: &Set<String>) -> bool {
        let Some(unit) = section.units.get(at).filter(|unit| !unit.orphan) else {
            return false;
        };
        if self.is_open() {
            return true;
        }
        let reach = Reach::of(section, unit);
        self.names_are_in(&reach, beyond)
            && self.labels_agree(&reach)
            && !self.is_rivalled(&reach)
            && (!self.asking.who_must_not || reach.restricts())
            && self.condition_is_in(&reach)
    }

    /// Whether the question asks who must not, or what to avoid; only units that say so are then
    /// shown.
    pub fn asks_who_must_not(&self) -> bool {
        self.asking.who_must_not
    }

    /// Whether a line above the unit forbids or warns, so that the unit belongs to the answer.
    pub fn is_forbidden_above(unit: &Unit) -> bool {
        unit.above.iter().any(|line| restricts(line))
    }

    /// Whether the unit itself names the subject, and not only a line above it. Only such rows of a
    /// table are then shown.
    pub fn picks(&self, unit: &Unit) -> bool {
        let own: Set<String> = words_of(&unit.text).collect();
        let mut names = self.names.iter().chain(self.choices.iter().flatten());
        names.any(|name| holds(&own, name))
    }

    fn names_are_in(&self, reach: &Reach<'_>, beyond: &Set<String>) -> bool {
        if self.names.is_empty() && self.choices.is_empty() {
            return true;
        }
        // A sentence beside a dose may name another medicine, and the title may be that of a
        // combination.
        if self.asking.dose
            && (!reach.has_quantity() || lexicon::is_combined(&self.names, reach.title))
        {
            return false;
        }
        let close: Set<String> = words_of(reach.own)
            .chain(words_of(&reach.above))
            .chain(words_of(reach.title))
            .collect();
        let set = |text: String| -> Set<String> { words_of(&text).collect() };
        let near = LazyCell::new(|| set(reach.near()));
        let around = LazyCell::new(|| set(reach.around()));
        let may_be_around = !self.asking.who_must_not && self.asking.condition.is_empty();
        // Most names stand close by, and the other sentences need not be read.
        let is_held = |name: &String| {
            holds(&close, name)
                || (!self.asking.dose
                    && (holds(&near, name) || (may_be_around && holds(&around, name))))
        };
        let here: Vec<bool> = self.names.iter().map(is_held).collect();
        let held = here.iter().filter(|here| **here).count();
        let elsewhere = |(name, here): (&String, &bool)| *here || holds(beyond, name);
        let all = held == here.len()
            || (self.is_loose()
                && !self.is_foreign(&reach.above)
                && (self.is_mostly_held(held)
                    || ((held > 0
                        || ![reach.title, reach.own, &reach.near()]
                            .into_iter()
                            .any(|text| self.is_foreign(text)))
                        && self.names.iter().zip(&here).all(elsewhere))));
        all && self.choices.iter().all(|group| group.iter().any(is_held))
    }

    /// Whether so many names are there that the others may be words for the same, or beside the
    /// point; the gate then weighs the missing ones.
    fn is_mostly_held(&self, held: usize) -> bool {
        held * 2 > self.names.len()
    }

    /// Whether a name may stand elsewhere in the document. It may not if a dose, a warning or a
    /// condition of one thing could be mistaken for that of another.
    fn is_loose(&self) -> bool {
        !self.asking.dose && !self.asking.who_must_not && self.asking.condition.is_empty()
    }

    /// Whether lines name something that the question does not.
    fn is_foreign(&self, lines: &str) -> bool {
        let tokens = lexicon::tokens(lines);
        (0..tokens.len())
            .filter(|at| lexicon::is_name(&tokens, *at))
            .any(|at| {
                let word = tokens
                    .get(at)
                    .map(|token| token.lower.as_str())
                    .unwrap_or_default();
                !self
                    .names
                    .iter()
                    .any(|name| name == word || alike(name, word))
            })
    }

    /// Whether no label of the question has only another number or letter.
    fn labels_agree(&self, reach: &Reach<'_>) -> bool {
        if self.labels.is_empty() {
            return true;
        }
        let text = format!(
            "{}\n{}\n{}\n{}",
            reach.title,
            reach.above,
            reach.own,
            reach.near()
        );
        let held = lexicon::labels(&lexicon::tokens(&text));
        self.labels.iter().all(|(word, label)| {
            let mut same_word = held.iter().filter(|(other, _)| other == word).peekable();
            same_word.peek().is_none() || same_word.any(|(_, other)| other == label)
        })
    }

    fn is_rivalled(&self, reach: &Reach<'_>) -> bool {
        if self.rivals.is_empty() {
            return false;
        }
        let own: Vec<(usize, String)> = rivals(reach.own);
        let over: Vec<(usize, String)> = rivals(reach.title)
            .into_iter()
            .chain(rivals(&reach.above))
            .collect();
        self.rivals.iter().any(|asked| {
            over.iter().any(|(group, _)| *group == asked.0)
                && !over.contains(asked)
                && !own.contains(asked)
        })
    }

    fn condition_is_in(&self, reach: &Reach<'_>) -> bool {
        if self.asking.condition.is_empty() {
            return true;
        }
        let text = format!(
            "{}\n{}\n{}\n{}",
            reach.title,
            reach.above,
            reach.own,
            reach.near()
        );
        let words: Set<String> = words_of(&text).collect();
        self.asking.condition.iter().any(|word| holds(&words, word))
    }
}

/// Returns the words of a text in the forms that are compared.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    content_words(text).chain(topic_words(text))
}

/// Returns the words of all passages of each title.
pub fn words_by_title<'a>(
    passages: impl Iterator<Item = (&'a str, &'a str)>,
) -> Table<&'a str, Set<String>> {
    let mut found: Table<&str, Set<String>> = Table::default();
    for (title, text) in passages {
        found.entry(title).or_default().extend(words_of(text));
    }
    found
}

/// Whether a typed word may be read as another one: the other one is no name, or is so close that both
/// are the same. A name is never read as that of another thing.
pub fn may_mean(typed: &str, meant: &str) -> bool {
    alike(typed, meant) || !Subject::of(meant).named().any(|name| name == meant)
}

/// Counts the words of a question that occur in a text, also in other forms or with a mistake.
#[expect(clippy::implicit_hasher, reason = "all words are in sets of one kind")]
pub fn count_held(asked: &Set<String>, held: &Set<String>) -> usize {
    let stands =
        |word: &&String| held.contains(*word) || held.iter().any(|other| alike(word, other));
    asked.iter().filter(stands).count()
}

/// Whether the words hold the name, also in another form, with a mistake, or under another name.
#[expect(clippy::implicit_hasher, reason = "all words are in sets of one kind")]
pub fn holds(words: &Set<String>, name: &str) -> bool {
    let held = |name: &str| {
        words_of(name).any(|word| words.contains(&word))
            || words.iter().any(|word| alike(name, word))
    };
    held(name)
        || spoken()
            .names
            .aliases
            .iter()
            .any(|(one, other)| (*one == name && held(other)) || (*other == name && held(one)))
}

fn rivals(text: &str) -> Vec<(usize, String)> {
    let words: Set<String> = words_of(text).collect();
    let rivals = spoken().names.rivals;
    rivals
        .iter()
        .enumerate()
        .flat_map(|(group, members)| members.iter().map(move |member| (group, *member)))
        .filter_map(|(group, member)| {
            let stem = content_words(member).next()?;
            words.contains(&stem).then_some((group, stem))
        })
        .collect()
}
