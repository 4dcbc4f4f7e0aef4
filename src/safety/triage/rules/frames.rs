//! Frames: words that say that a sign is not a patient's state now. A negation, a story, a question
//! for information and others cancel the signs in their reach, unless something lifts the frame.

use serde::Deserialize;

use super::patterns::{GroupId, Place, Places};
use super::text::Text;

/// The most frames of a language: one bit each.
pub const MOST_FRAMES: usize = 32;
/// How far a negation reaches along a list: "no fever, rash or chest pain".
const LIST_REACH: usize = 10;

/// A frame as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameFile {
    pub name: String,
    pub reach: Reach,
    pub phrases: Vec<String>,
    /// The phrases count only at the start of a clause.
    #[serde(default)]
    pub at_start: bool,
    /// The frame counts only in a sentence that ends with a question mark.
    #[serde(default)]
    pub in_questions: bool,
    /// Words that may stand between the phrase and the sign.
    #[serde(default)]
    pub between: Vec<String>,
    /// Words after which the phrase also reaches the next sign: "no fever or rash".
    #[serde(default)]
    pub listing: Vec<String>,
    /// Phrases that lift the frame in their sentence, or in their clause if it reaches no further.
    #[serde(default)]
    pub lifted_by: Vec<String>,
}

/// The part of a message that a frame cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A sign directly after the phrase.
    Next,
    /// A sign directly before the phrase.
    Previous,
    Clause,
    Sentence,
    /// Every sentence in which nothing lifts the frame.
    Message,
}

/// A frame, ready for use.
#[derive(Clone, Debug)]
pub struct Frame {
    pub name: String,
    pub reach: Reach,
    pub at_start: bool,
    pub in_questions: bool,
    pub phrases: GroupId,
    pub between: Option<GroupId>,
    pub listing: Option<GroupId>,
    pub lifted_by: Option<GroupId>,
}

/// For each token, the frames (one bit each) that cancel a sign there.
#[derive(Debug, Default)]
pub struct Masks {
    /// Of a sign that begins at the token.
    begins: Vec<u32>,
    /// Of a sign that ends at the token.
    ends: Vec<u32>,
    /// Of a sign that contains the token.
    holds: Vec<u32>,
}

impl Masks {
    /// Applies the frames of a language to a message.
    pub fn of(frames: &[Frame], joins: Option<GroupId>, text: &Text, places: &Places) -> Self {
        let none = vec![0; text.tokens.len()];
        let mut masks = Self {
            begins: none.clone(),
            ends: none.clone(),
            holds: none,
        };
        let scene = Scene::of(joins, text, places);
        for (index, frame) in frames.iter().enumerate() {
            let bit = 1_u32 << index;
            for place in scene.phrases(frame) {
                match frame.reach {
                    Reach::Next => scene.mark_next(frame, place, bit, &mut masks.begins),
                    Reach::Previous => scene.mark_previous(frame, place, bit, &mut masks.ends),
                    Reach::Clause => {
                        scene.mark(frame, &scene.clauses, place, bit, &mut masks.holds);
                    }
                    Reach::Sentence => {
                        scene.mark(frame, &scene.sentences, place, bit, &mut masks.holds);
                    }
                    Reach::Message => {}
                }
            }
            if frame.reach == Reach::Message && scene.phrases(frame).next().is_some() {
                scene.mark_message(frame, bit, &mut masks.holds);
            }
        }
        masks
    }

    /// Whether frames other than the excepted ones cancel a sign.
    pub fn cancel(&self, place: Place, excepted: u32) -> bool {
        let at = |masks: &[u32], token: usize| masks.get(token).copied().unwrap_or_default();
        let held = (place.first..=place.last).fold(0, |sum, token| sum | at(&self.holds, token));
        let all = at(&self.begins, place.first) | at(&self.ends, place.last) | held;
        all & !excepted != 0
    }
}

/// A message cut into the clauses of a language.
struct Scene<'a> {
    text: &'a Text,
    places: &'a Places,
    clauses: Vec<usize>,
    sentences: Vec<usize>,
}

impl<'a> Scene<'a> {
    fn of(joins: Option<GroupId>, text: &'a Text, places: &'a Places) -> Self {
        let mut joins = joins
            .map_or(&[][..], |joins| places.of(joins))
            .iter()
            .peekable();
        let mut joined = 0;
        let clauses = text.tokens.iter().enumerate().map(|(at, token)| {
            while joins.next_if(|join| join.last < at).is_some() {
                joined += 1;
            }
            token.clause + joined
        });
        Self {
            text,
            places,
            clauses: clauses.collect(),
            sentences: text.tokens.iter().map(|token| token.sentence).collect(),
        }
    }

    /// The places of a frame's phrases that count.
    fn phrases(&self, frame: &Frame) -> impl Iterator<Item = Place> {
        let places = self.places.of(frame.phrases).iter().copied();
        let (at_start, in_questions) = (frame.at_start, frame.in_questions);
        places.filter(move |place| {
            let starts = place.first == 0
                || self.clauses.get(place.first) != self.clauses.get(place.first - 1);
            let sentence = self.sentences.get(place.first).copied().unwrap_or_default();
            let asks = self.text.questions.get(sentence) == Some(&true);
            (starts || !at_start) && (asks || !in_questions)
        })
    }

    fn is_at(&self, group: Option<GroupId>, token: usize) -> bool {
        group.is_some_and(|group| !self.places.within(group, token, token).is_empty())
    }

    fn mark_next(&self, frame: &Frame, place: Place, bit: u32, begins: &mut [u32]) {
        let clause = self.text.tokens.get(place.last).map(|token| token.clause);
        let sentence = self.sentences.get(place.last);
        let mut touches = true;
        for token in place.last + 1..=place.last + LIST_REACH {
            let same_clause = self.text.tokens.get(token).map(|token| token.clause) == clause;
            if self.sentences.get(token) != sentence || (frame.listing.is_none() && !same_clause) {
                break;
            }
            touches &= same_clause;
            if (touches || self.is_at(frame.listing, token - 1))
                && let Some(mask) = begins.get_mut(token)
            {
                *mask |= bit;
            }
            touches &= self.is_at(frame.between, token);
        }
    }

    fn mark_previous(&self, frame: &Frame, place: Place, bit: u32, ends: &mut [u32]) {
        let clause = self.clauses.get(place.first);
        for token in (0..place.first).rev().take(LIST_REACH) {
            if self.clauses.get(token) != clause {
                break;
            }
            if let Some(mask) = ends.get_mut(token) {
                *mask |= bit;
            }
            if !self.is_at(frame.between, token) {
                break;
            }
        }
    }

    /// Marks the part of the message around a place, unless the frame is lifted in it.
    fn mark(&self, frame: &Frame, parts: &[usize], place: Place, bit: u32, holds: &mut [u32]) {
        let Some(part) = parts.get(place.first) else {
            return;
        };
        let from = parts.partition_point(|other| other < part);
        let to = parts.partition_point(|other| other <= part);
        let lifted = frame.lifted_by.is_some_and(|group| {
            !self
                .places
                .within(group, from, to.saturating_sub(1))
                .is_empty()
        });
        // A part that is marked already is not marked again: the time stays linear.
        let marked = holds.get(from).is_some_and(|mask| mask & bit != 0);
        if !lifted && !marked {
            holds
                .iter_mut()
                .take(to)
                .skip(from)
                .for_each(|mask| *mask |= bit);
        }
    }

    fn mark_message(&self, frame: &Frame, bit: u32, holds: &mut [u32]) {
        let starts = self.sentences.chunk_by(|a, b| a == b).scan(0, |at, part| {
            let first = *at;
            *at += part.len();
            Some(first)
        });
        for first in starts {
            let place = Place { first, last: first };
            self.mark(frame, &self.sentences, place, bit, holds);
        }
    }
}
