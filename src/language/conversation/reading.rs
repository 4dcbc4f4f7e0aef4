//! A message, read alone: its kind, and how much it depends on its conversation.

use super::cues::{Cues, Tie, joined};
use super::{kinds, pointing};
use crate::domain::understanding::MessageKind;
use crate::language::Tongue;
use crate::language::asked::is_asking;
use crate::language::asks::MARKS;
use crate::language::subject::Subject;

/// The most words of a message that only goes on from the last question.
const PART: usize = 8;
/// The same without a word that says so: "for children?".
const SHORT_PART: usize = 4;

/// How much a message depends on its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It names what it is about.
    Nothing,
    /// It could stand alone.
    Perhaps,
    /// It says nothing without it.
    Conversation,
}

/// A message, read alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub kind: MessageKind,
    pub tongue: Tongue,
    /// The person's own words, without a greeting and thanks.
    pub own: String,
    pub need: Need,
    /// The rest of a message that is only a part of a question: "for children".
    pub(super) part: Option<String>,
}

impl Reading {
    /// Reads a message in this language.
    pub fn of(message: &str, tongue: Tongue) -> Self {
        let kinds::Parted { kind, asking } = kinds::parted(message);
        let read = |kind, need, part| Self {
            kind,
            tongue,
            own: asking.clone(),
            need,
            part,
        };
        let cues = Cues::of(tongue);
        let plain = joined(&asking, tongue);
        let (rest, tie) = cues.untied(&plain);
        match kind {
            Some(MessageKind::Statement) if tie.is_some() => {}
            Some(kind @ (MessageKind::Repeat | MessageKind::Shorten | MessageKind::Explain)) => {
                return read(kind, Need::Conversation, None);
            }
            Some(kind) => return read(kind, Need::Nothing, None),
            None => {}
        }
        let kind = if tie == Some(Tie::Correction) {
            MessageKind::Correction
        } else {
            MessageKind::Question
        };
        let words = rest.split_whitespace().count();
        let is_part = match tie {
            Some(_) => words <= PART,
            None => words <= SHORT_PART && cues.begins_a_part(rest),
        };
        if is_part && !is_asking(rest) && !asks_whole(&asking, tie, cues, rest) {
            let cut = plain.split_whitespace().count() - words;
            let part = if tongue.has_spaces() {
                after_words(&asking, cut)
            } else {
                rest
            };
            return read(kind, Need::Conversation, Some(part.trim().to_owned()));
        }
        if pointing::points(&asking, tongue) {
            return read(kind, Need::Conversation, None);
        }
        let named = tongue == Tongue::English && Subject::of(&asking).is_named();
        let need = if named { Need::Nothing } else { Need::Perhaps };
        read(kind, need, None)
    }

    /// Whether the message says in a few words which of several things is meant, and asks nothing.
    pub(super) fn describes(&self) -> bool {
        let asks = is_asking(&self.own) || self.own.contains(MARKS);
        let words = self.own.split_whitespace().count();
        self.need == Need::Conversation && !asks && words <= PART
    }
}

/// Returns the text behind its first `count` words.
fn after_words(text: &str, count: usize) -> &str {
    let is_of_a_word = |c: char| c.is_alphanumeric();
    let mut rest = text;
    for _ in 0..count {
        rest = rest.trim_start_matches(|c| !is_of_a_word(c));
        rest = rest.trim_start_matches(is_of_a_word);
    }
    rest.trim_start_matches(|c| !is_of_a_word(c))
        .trim_end_matches(['?', '？', '؟', '!', '.', ' '])
}

/// Whether a message of another language than English that goes on asks a whole question, which only
/// its question mark and its length can tell.
fn asks_whole(asking: &str, tie: Option<Tie>, cues: &Cues, rest: &str) -> bool {
    const WHOLE: usize = 5;
    tie == Some(Tie::Opener)
        && asking.trim_end().ends_with(MARKS)
        && !cues.begins_a_part(rest)
        && rest.split_whitespace().count() >= WHOLE
}
