//! Words that point back to what a message does not name.

use super::cues::{Cues, joined};
use crate::language::lists::lower_words;
use crate::language::subject::Subject;
use crate::language::{Tongue, spoken, topic_words};

/// The most words between "it" and what it points forward to: "is it always safe to".
const FORWARD: usize = 3;
/// A message of more words names what it is about, as far as no grammar tells.
const SHORT: usize = 8;

/// Whether a message points to something that it does not name.
pub(super) fn points(message: &str, tongue: Tongue) -> bool {
    let cues = Cues::of(tongue);
    let plain = joined(message, tongue);
    if tongue == Tongue::English {
        return pointing_word(message, &plain, cues).is_some();
    }
    if !tongue.has_spaces() {
        return cues.pointing.iter().any(|word| {
            let mut found = plain.match_indices(word.as_str());
            found.any(|(at, _)| !cues.points_at_nothing(&plain, at))
        });
    }
    let says = |word: &String| {
        let word = format!(" {word} ");
        let mut found = plain.match_indices(&word);
        found.any(|(at, _)| !cues.points_at_nothing(&plain, at + 1))
    };
    plain.split_whitespace().count() <= SHORT && cues.pointing.iter().any(says)
}

/// Returns the place, among the words of an English message, of the first word that points back.
pub(super) fn pointing_place(message: &str) -> Option<usize> {
    let plain = joined(message, Tongue::English);
    pointing_word(message, &plain, Cues::of(Tongue::English))
}

fn pointing_word(message: &str, plain: &str, cues: &Cues) -> Option<usize> {
    let words: Vec<&str> = plain.split_whitespace().collect();
    let breaks = breaks(message);
    let mut at = 1;
    for (place, word) in words.iter().enumerate() {
        let here = at;
        at += word.len() + 1;
        if is_in(&cues.pointing, word)
            && !cues.points_at_nothing(plain, here)
            && !is_determined(&words, place, cues)
            && !points_forward(&words, place)
            && !has_antecedent(&words, place, &breaks)
        {
            return Some(place);
        }
    }
    None
}

fn is_in(words: &[String], word: &str) -> bool {
    words.iter().any(|known| known == word)
}

/// The places of the words before which a sentence or a clause begins.
fn breaks(message: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut count = 0;
    for piece in message.split_inclusive(['.', '!', '?', ',', ';', ':', '\n']) {
        count += lower_words(piece).count();
        found.push(count);
    }
    found
}

/// Whether the word only determines a noun that says what is meant ("this ward"), or joins a clause
/// to one ("medicines that thin the blood").
fn is_determined(words: &[&str], at: usize, cues: &Cues) -> bool {
    let determining = &spoken().questions.demands.determining;
    let word = words.get(at).copied().unwrap_or_default();
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let tells = |word: &&str| topic_words(word).next().is_some();
    let next = words.get(at + 1).filter(|next| tells(next));
    let names = determining.contains(word)
        && !is_possessive(word)
        && next.is_some_and(|next| !is_in(&cues.kinds, next));
    let joins = word == "that" && before.is_some_and(tells);
    names || joins
}

/// Whether the word stands for an owner: "its side effects".
pub(super) fn is_possessive(word: &str) -> bool {
    matches!(word, "its" | "their" | "theirs")
}

/// Accepts "is it safe to drive": the word points forward.
fn points_forward(words: &[&str], at: usize) -> bool {
    let demands = &spoken().questions.demands;
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let being = before.is_some_and(|word| demands.being.contains(word));
    let needs = words
        .get(at + 1)
        .is_some_and(|next| demands.needing.contains(next));
    let mut after = words.iter().skip(at + 2).take(FORWARD);
    words.get(at) == Some(&"it")
        && being
        && !needs
        && after.any(|word| matches!(*word, "for" | "if" | "that" | "to" | "when"))
}

/// Whether the message itself names what the word stands for: in a sentence or a clause before, or by
/// a name before it.
fn has_antecedent(words: &[&str], at: usize, breaks: &[usize]) -> bool {
    let ends = &spoken().conditions.clause_ends;
    // "Before it" begins no clause.
    let mut words_before = words.iter().take(at.saturating_sub(1));
    let from_words = words_before.rposition(|word| ends.contains(word));
    let from_marks = breaks.iter().copied().filter(|place| *place <= at).max();
    let clause = from_words.max(from_marks).unwrap_or_default();
    let earlier = words.get(..clause).unwrap_or_default();
    let before = words.get(..at).unwrap_or_default().join(" ");
    earlier
        .iter()
        .any(|word| topic_words(word).next().is_some())
        || Subject::of(&before).named().next().is_some()
}
