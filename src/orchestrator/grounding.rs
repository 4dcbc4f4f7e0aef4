//! Citations, found and verified while the answer streams. Pure: text in, text and citations out.
//!
//! A finished sentence is cited if a sentence of a passage, or two adjacent ones, supports it (see
//! [`support`]). The model's own `[n]` markers narrow the search: a marker whose passage supports
//! the sentence stays in the text, any other is removed. What follows the first marker of a
//! sentence is held back until the sentence has ended, for only then is it known.

mod claim;
mod quantity;
mod support;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::domain::evidence::{Citation, Source};
use crate::domain::text;
use support::Support;

/// Longest text in brackets that can still be a marker.
const MAX_MARKER: usize = 16;

/// What a piece of the model's text became.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Goes to the reader.
    Text(String),
    /// Goes to the reader once its quote was compared with the stored text.
    Citation(Citation),
}

/// A part of a sentence that waits for the sentence's end.
enum Held {
    Text(String),
    /// Blanks before the marker, and the passages it names.
    Marker(String, Vec<i32>),
}

/// Follows one answer.
pub struct Grounder {
    support: Support,
    /// Characters sent so far.
    sent: usize,
    /// The open sentence without its markers.
    sentence: String,
    /// Where the sentence begins in the answer, and where its text ends so far.
    span: (usize, usize),
    held: Vec<Held>,
    /// Blanks that are sent only if text follows on the same line.
    blanks: String,
    /// An open bracket that may become a marker.
    bracket: Option<String>,
}

impl Grounder {
    /// A grounder over these passages.
    pub fn new(sources: Vec<Source>) -> Self {
        Self {
            support: Support::new(sources),
            sent: 0,
            sentence: String::new(),
            span: (0, 0),
            held: Vec::new(),
            blanks: String::new(),
            bracket: None,
        }
    }

    /// Takes the next piece of the model's text. Control characters do not count: no reader sees
    /// them, and PostgreSQL stores no answer with a NUL.
    pub fn push(&mut self, delta: &str) -> Vec<Output> {
        let mut outputs = Vec::new();
        for c in delta
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        {
            self.take(c, &mut outputs);
        }
        outputs
    }

    /// The model has ended: what was held back, and the last sentence's citations.
    pub fn finish(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.release_bracket(&mut outputs);
        self.close_sentence(&mut outputs);
        outputs
    }

    fn take(&mut self, c: char, outputs: &mut Vec<Output>) {
        if let Some(bracket) = &mut self.bracket {
            if !(c.is_ascii_digit() || matches!(c, ',' | ' ' | ']')) || bracket.len() > MAX_MARKER {
                self.release_bracket(outputs);
                return self.take(c, outputs);
            }
            bracket.push(c);
            if c == ']' {
                self.end_bracket(outputs);
            }
            return;
        }
        match c {
            '[' => self.bracket = Some(String::from(c)),
            '\n' => {
                self.blanks.clear();
                self.close_sentence(outputs);
                // No answer begins with an empty line.
                if self.sent > 0 {
                    self.send("\n", outputs);
                }
            }
            c if c.is_whitespace() => self.blanks.push(c),
            c => self.text(c, outputs),
        }
    }

    fn text(&mut self, c: char, outputs: &mut Vec<Output>) {
        let blanks = std::mem::take(&mut self.blanks);
        if !blanks.is_empty() && ends_sentence(&self.sentence, c) {
            self.close_sentence(outputs);
        }
        if self.held.is_empty() {
            if self.sent > 0 {
                self.send(&blanks, outputs);
            }
            if self.sentence.is_empty() {
                self.span = (self.sent, self.sent);
            }
            self.send(c.encode_utf8(&mut [0; 4]), outputs);
            self.span.1 = self.sent;
        } else {
            self.held.push(Held::Text(format!("{blanks}{c}")));
        }
        if !self.sentence.is_empty() {
            self.sentence.push_str(&blanks);
        }
        self.sentence.push(c);
    }

    fn send(&mut self, piece: &str, outputs: &mut Vec<Output>) {
        self.sent += piece.chars().count();
        match outputs.last_mut() {
            _ if piece.is_empty() => {}
            Some(Output::Text(text)) => text.push_str(piece),
            _ => outputs.push(Output::Text(piece.to_owned())),
        }
    }

    fn end_bracket(&mut self, outputs: &mut Vec<Output>) {
        let numbers: Vec<i32> = self
            .bracket
            .iter()
            .flat_map(|bracket| bracket.trim_matches(['[', ']']).split(','))
            .filter_map(|number| number.trim().parse().ok())
            .collect();
        if numbers.is_empty() {
            self.release_bracket(outputs);
        } else {
            self.bracket = None;
            let blanks = std::mem::take(&mut self.blanks);
            self.held.push(Held::Marker(blanks, numbers));
        }
    }

    /// What looked like a marker is text.
    fn release_bracket(&mut self, outputs: &mut Vec<Output>) {
        for c in self.bracket.take().unwrap_or_default().chars() {
            if c.is_whitespace() {
                self.blanks.push(c);
            } else {
                self.text(c, outputs);
            }
        }
    }

    fn close_sentence(&mut self, outputs: &mut Vec<Output>) {
        let sentence = std::mem::take(&mut self.sentence);
        let held = std::mem::take(&mut self.held);
        let marked: BTreeSet<i32> = held
            .iter()
            .filter_map(|piece| match piece {
                Held::Marker(_, numbers) => Some(numbers),
                Held::Text(_) => None,
            })
            .flatten()
            .copied()
            .collect();
        let found = self.support.find(&sentence, &marked);
        let verified: BTreeSet<i32> = found.iter().map(|citation| citation.source_id).collect();
        self.show(held, &verified, outputs);
        let (Ok(start), Ok(end)) = (i32::try_from(self.span.0), i32::try_from(self.span.1)) else {
            return;
        };
        for citation in found {
            outputs.push(Output::Citation(Citation {
                answer_start: start,
                answer_end: end,
                ..citation
            }));
        }
        self.span = (self.sent, self.sent);
    }

    /// Sends what was held back, with the markers that were verified.
    fn show(&mut self, held: Vec<Held>, verified: &BTreeSet<i32>, outputs: &mut Vec<Output>) {
        // Held from its first character on, the sentence has no place yet.
        let mut placed = self.span.0 < self.span.1;
        let mut place = |this: &mut Self| {
            if !std::mem::replace(&mut placed, true) {
                this.span = (this.sent, this.sent);
            }
        };
        let mut shown = BTreeSet::new();
        for piece in held {
            match piece {
                Held::Text(text) => {
                    let begins = self.span.0 == self.span.1 && shown.is_empty();
                    let text = if begins { text.trim_start() } else { &text };
                    place(self);
                    self.send(text, outputs);
                    self.span.1 = self.sent;
                }
                Held::Marker(blanks, numbers) => {
                    let kept: Vec<String> = numbers
                        .into_iter()
                        .filter(|number| verified.contains(number))
                        .map(|number| number.to_string())
                        .collect();
                    if !kept.is_empty() {
                        let lead = if self.sent == 0 { "" } else { &blanks };
                        self.send(lead, outputs);
                        place(self);
                        self.send(&format!("[{}]", kept.join(", ")), outputs);
                        shown.extend(kept);
                    }
                }
            }
        }
    }
}

/// Whether the sentence has ended, now that `next` follows it after a blank.
fn ends_sentence(sentence: &str, next: char) -> bool {
    let body = sentence.trim_end_matches(['*', '_']);
    let marks = body.trim_end_matches(['"', '\'', '”', '’', ')', ']', '»']);
    if !marks.ends_with(['.', '!', '?', '…']) {
        return false;
    }
    // An opening quote or a bullet stands for the letter behind it.
    let next = if next.is_alphanumeric() { next } else { 'X' };
    let probe = format!("{body} {next}");
    text::sentence_bounds(&probe)
        .last()
        .is_some_and(|last| last.start >= body.len())
}
