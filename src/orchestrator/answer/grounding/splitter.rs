//! Cuts a model's text into sentences while it streams.
//!
//! A sentence ends when the next one begins, so that a marker after the full stop still belongs to
//! it. The boundaries of the streamed pieces do not matter.

use super::marked::SIGN;
use super::markers;
use crate::language::sentences;

/// The longest sentence in characters. A longer one is dropped up to the end of its line.
const MAX_SENTENCE: usize = 2_000;

/// Marks around words: emphasis. They are no words themselves.
const EMPHASIS: [char; 3] = ['*', '_', '~'];

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Sentence(Sentence),
    /// The end of a line.
    Break,
    /// A sentence that was too long.
    Overlong,
}

/// A sentence in the model's own form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    /// The sentence with its markers and, at the beginning of a line, the white space before it.
    pub raw: String,
    pub begins_line: bool,
    pub ends_line: bool,
}

/// Processes the text of one answer.
pub(super) struct Splitter {
    sentence: String,
    length: usize,
    begins_line: bool,
    overlong: bool,
}

impl Splitter {
    pub fn new() -> Self {
        Self {
            sentence: String::new(),
            length: 0,
            begins_line: true,
            overlong: false,
        }
    }

    /// Processes a character. Control characters are dropped: no reader sees them, and PostgreSQL
    /// stores no text with a NUL.
    pub fn take(&mut self, c: char, pieces: &mut Vec<Piece>) {
        if c == '\n' {
            self.close(true, pieces);
            pieces.push(Piece::Break);
            self.begins_line = true;
            self.overlong = false;
            return;
        }
        if (c.is_control() && c != '\t') || is_invisible(c) || self.overlong {
            return;
        }
        if c.is_whitespace() && self.is_marked_and_ended() {
            return self.close(false, pieces);
        }
        if let Some(end) = self.end_before(c) {
            let next = self.sentence.split_off(end).trim_start().to_owned();
            self.close(false, pieces);
            self.length = next.chars().count();
            self.sentence = next;
        }
        if !c.is_whitespace() || self.begins_line || !self.sentence.is_empty() {
            self.sentence.push(c);
            self.length += 1;
        }
        if self.length > MAX_SENTENCE {
            self.sentence.clear();
            self.length = 0;
            self.overlong = true;
            pieces.push(Piece::Overlong);
        }
    }

    /// Handles the end of the text.
    pub fn finish(&mut self, pieces: &mut Vec<Piece>) {
        self.close(true, pieces);
    }

    fn close(&mut self, ends_line: bool, pieces: &mut Vec<Piece>) {
        self.length = 0;
        let raw = std::mem::take(&mut self.sentence);
        if !raw.trim().is_empty() {
            pieces.push(Piece::Sentence(Sentence {
                raw,
                begins_line: self.begins_line,
                ends_line,
            }));
            self.begins_line = false;
        }
    }

    /// Whether the full stop follows a marker; the sentence is then complete.
    fn is_marked_and_ended(&self) -> bool {
        let said = self.sentence.trim_end_matches(['.', '!', '?']);
        said.len() < self.sentence.len()
            && said.ends_with(closes)
            && markers::markers(said)
                .last()
                .is_some_and(|marker| marker.bytes.end == said.len())
    }

    /// Returns the end of the sentence if `next` begins another one.
    fn end_before(&self, next: char) -> Option<usize> {
        let written = self.sentence.as_str();
        let last = written.chars().next_back()?;
        let may_begin = !next.is_whitespace() && !EMPHASIS.contains(&next) && !opens(next);
        let after_gap = last.is_whitespace()
            || EMPHASIS.contains(&last)
            || closes(last)
            || opens(last)
            || is_full_width(last);
        if !may_begin || !after_gap || markers::is_open(&format!("{written}{next}")) {
            return None;
        }
        let found = markers::markers(written);
        let mut body = written.trim_end_matches(opens);
        let mut cut = None;
        let mut gap = false;
        loop {
            let shorter =
                body.trim_end_matches(|c: char| c.is_whitespace() || EMPHASIS.contains(&c));
            gap |= body
                .get(shorter.len()..)
                .is_some_and(|tail| tail.contains(char::is_whitespace));
            let marker = found.iter().rev().find(|marker| {
                marker.bytes.end >= shorter.len() && marker.bytes.start < shorter.len()
            });
            let Some(marker) = marker else {
                break;
            };
            cut.get_or_insert(marker.bytes.end);
            body = written.get(..marker.bytes.start)?;
        }
        let shorter = body.trim_end_matches(|c: char| c.is_whitespace() || EMPHASIS.contains(&c));
        // Emphasis that touches the full stop belongs to the sentence.
        let closing = body.get(shorter.len()..)?;
        let closing = closing.len() - closing.trim_start_matches(EMPHASIS).len();
        let cut = cut.unwrap_or(shorter.len() + closing);
        let said = markers::without_markers(shorter);
        let ends = said.ends_with(is_full_width) || (gap && ends_sentence(&said, next));
        ends.then_some(cut)
    }
}

fn opens(c: char) -> bool {
    matches!(c, '[' | '【' | '［' | '〔' | '(')
}

fn closes(c: char) -> bool {
    matches!(c, ']' | '】' | '］' | '〕' | ')')
}

/// Whether a character is a full stop of a script that puts no space after it.
fn is_full_width(c: char) -> bool {
    matches!(c, '。' | '！' | '？')
}

/// Whether a character is invisible, or reverses the reading direction of others.
fn is_invisible(c: char) -> bool {
    matches!(c, SIGN | '\u{200b}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether the sentence has ended if `next` follows after a space.
fn ends_sentence(sentence: &str, next: char) -> bool {
    let marks = sentence.trim_end_matches(['"', '\'', '”', '’', ')', ']', '»', '*', '_']);
    if !marks.ends_with(['.', '!', '?', '…']) {
        return false;
    }
    // An opening quote or a bullet counts as the letter after it.
    let next = if next.is_alphanumeric() { next } else { 'X' };
    let probe = format!("{sentence} {next}");
    sentences::sentence_bounds(&probe)
        .last()
        .is_some_and(|last| last.start >= sentence.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut splitter = Splitter::new();
        let mut pieces = Vec::new();
        for c in text.chars() {
            splitter.take(c, &mut pieces);
        }
        splitter.finish(&mut pieces);
        let shown = pieces.into_iter().map(|piece| match piece {
            Piece::Sentence(sentence) => sentence.raw.trim().to_owned(),
            Piece::Break => "/".into(),
            Piece::Overlong => "…".into(),
        });
        shown.collect()
    }

    #[test]
    fn a_marker_belongs_to_the_sentence_before_it() {
        for (text, sentences) in [
            ("Rest well [1]. Drink.", vec!["Rest well [1].", "Drink."]),
            ("Rest well. [1] Drink.", vec!["Rest well. [1]", "Drink."]),
            ("Rest well.[1] Drink.", vec!["Rest well.[1]", "Drink."]),
            (
                "Rest. **[1]** **Drink.**",
                vec!["Rest. **[1]**", "**Drink.**"],
            ),
            (
                "**Rest.** [1, 2]【3】 Drink.",
                vec!["**Rest.** [1, 2]【3】", "Drink."],
            ),
            (
                "Rest. (see passage 2) Drink.",
                vec!["Rest. (see passage 2)", "Drink."],
            ),
            ("**Rest.** Drink.", vec!["**Rest.**", "Drink."]),
            ("Rest。[1]Drink。Eat", vec!["Rest。[1]", "Drink。", "Eat"]),
            ("1. Rest.\n2. Drink.", vec!["1. Rest.", "/", "2. Drink."]),
            (
                "See Dr. Miller, e.g. at 2.30 pm. Bye",
                vec!["See Dr. Miller, e.g. at 2.30 pm.", "Bye"],
            ),
            ("[1] Rest. [The] Drink", vec!["[1] Rest.", "[The] Drink"]),
        ] {
            assert_eq!(split(text), sentences, "{text}");
        }
    }

    #[test]
    fn a_sentence_has_a_bound() {
        let long = "word ".repeat(MAX_SENTENCE);
        assert_eq!(split(&format!("{long}\nRest.")), ["…", "/", "Rest."]);
    }
}
