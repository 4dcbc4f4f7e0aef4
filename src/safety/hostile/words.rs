//! The words of a sentence, each with what it means to the detector.

use std::ops::Range;

use super::concepts::{MAX_HAN, MAX_WORDS, concepts};
use super::fold::{Placed, is_han, is_word};

/// A word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Its place in the folded text.
    pub place: Range<usize>,
    /// Its concepts, as bits.
    pub concepts: u64,
    /// Whether it stands between quotation marks.
    pub quoted: bool,
}

/// Returns the words of folded text.
pub(super) fn words(text: &[Placed]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut quoted = false;
    let mut rest = text;
    let mut spelling = String::new();
    while let Some(((c, _), after)) = rest.split_first() {
        if matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '「' | '」') {
            quoted = !quoted;
        }
        let length = length_of_word(rest);
        if length == 0 {
            rest = after;
            continue;
        }
        let (word, after) = rest.split_at(length);
        spelling.clear();
        spelling.extend(word.iter().map(|(c, _)| *c));
        let start = text.len() - rest.len();
        words.push(Word {
            concepts: meaning(&spelling),
            place: start..start + length,
            quoted,
        });
        rest = after;
    }
    join(&mut words, text);
    words
}

/// Returns the length of the word that begins the text; 0 if none does. In a script without spaces
/// it is the longest entry of the list, or one character.
fn length_of_word(text: &[Placed]) -> usize {
    let Some((first, _)) = text.first() else {
        return 0;
    };
    if !is_han(*first) {
        let mut chars = text.iter();
        return chars
            .position(|(c, _)| !is_word(*c) || is_han(*c))
            .unwrap_or(text.len());
    }
    let list = concepts();
    let longest = (2..=MAX_HAN.min(text.len())).rev().find(|length| {
        let word: String = text.iter().take(*length).map(|(c, _)| *c).collect();
        list.of(&word) != 0
    });
    longest.unwrap_or(1)
}

/// Returns the concepts of a word; in Arabic also without the particles written with it.
fn meaning(word: &str) -> u64 {
    let list = concepts();
    let mut bits = list.of(word);
    if bits == 0 && word.starts_with(|c| matches!(c, '\u{621}'..='\u{64a}')) {
        let bare = word.trim_start_matches(['و', 'ف']);
        bits = list.of(bare);
        for particle in ["ال", "بال", "لل", "ب", "ل", "ك"] {
            bits |= bare.strip_prefix(particle).map_or(0, |word| list.of(word));
        }
    }
    bits
}

/// Gives the first word of an entry with several words its concepts.
fn join(words: &mut [Word], text: &[Placed]) {
    let list = concepts();
    let mut joined = String::new();
    let spell = |word: &Word, joined: &mut String| {
        let chars = text.get(word.place.clone()).unwrap_or_default();
        joined.extend(chars.iter().map(|(c, _)| *c));
    };
    for at in 0..words.len() {
        let Some((word, after)) = words.get_mut(at..).and_then(<[Word]>::split_first_mut) else {
            return;
        };
        joined.clear();
        spell(word, &mut joined);
        if !list.begins(&joined) {
            continue;
        }
        for next in after.iter().take(MAX_WORDS - 1) {
            joined.push(' ');
            spell(next, &mut joined);
            word.concepts |= list.of(&joined);
        }
    }
}
