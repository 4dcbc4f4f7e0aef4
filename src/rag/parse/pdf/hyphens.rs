//! Joins words that are divided at line ends.
//!
//! The document itself decides whether a hyphen at a line end belongs to the word: it may use the
//! word in the middle of a line, with or without the hyphen.

use std::collections::HashSet;

use super::regions::Piece;
use crate::rag::parse::builder::PAGE_MARK;

/// The shortest parts of a compound.
const COMPOUND_PART: usize = 3;
const HYPHENS: [char; 3] = ['-', '\u{2010}', '\u{AD}'];

/// The words of a document, in lower case.
pub(super) struct Words {
    whole: HashSet<String>,
    compounds: HashSet<String>,
}

impl Words {
    pub(super) fn of<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Self {
        let mut words = Self {
            whole: HashSet::new(),
            compounds: HashSet::new(),
        };
        for piece in pieces {
            match piece {
                Piece::Line(line) => words.add(&line.text),
                Piece::Table(grid) => grid.lines().for_each(|line| words.add(line)),
            }
        }
        words
    }

    fn add(&mut self, line: &str) {
        for word in line.split_whitespace() {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !HYPHENS.contains(&c));
            if word.ends_with(HYPHENS) || word.is_empty() {
                continue;
            }
            let lower = word.to_lowercase();
            if lower.contains(HYPHENS) {
                self.compounds.insert(lower.replace(HYPHENS, "-"));
            } else {
                self.whole.insert(lower);
            }
        }
    }

    /// Appends a line after `joint`, or without it if a word or a range goes on.
    pub(super) fn join(&self, text: &mut String, line: &str, joint: char) {
        let line = line.trim_start();
        let ended = text.trim_end_matches(PAGE_MARK).trim_end();
        let Some(hyphen) = ended.chars().next_back().filter(|c| is_hyphen(*c)) else {
            let spaced = !(ended.ends_with(is_unspaced) && line.starts_with(is_unspaced));
            if !text.is_empty() && !text.ends_with(PAGE_MARK) && (spaced || joint != ' ') {
                text.push(joint);
            }
            text.push_str(line);
            return;
        };
        let body = ended.strip_suffix(hyphen).unwrap_or(ended);
        let head = body
            .rsplit(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let tail = line
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty();
        let page = text.ends_with(PAGE_MARK);
        if is_number(head) && is_number(tail) {
            // A range such as 10-20 goes on.
        } else if head.is_empty() || !tail.starts_with(char::is_alphabetic) || hyphen == '–' {
            text.push(joint);
        } else if hyphen == '\u{AD}' || !self.is_compound(head, tail) {
            text.truncate(body.len());
            if page {
                text.push(PAGE_MARK);
            }
        }
        text.push_str(line);
    }

    fn is_compound(&self, head: &str, tail: &str) -> bool {
        if !tail.starts_with(char::is_lowercase) {
            return true;
        }
        let (head, tail) = (head.to_lowercase(), tail.to_lowercase());
        if self.whole.contains(&format!("{head}{tail}")) {
            return false;
        }
        let is_word =
            |word: &str| word.chars().count() >= COMPOUND_PART && self.whole.contains(word);
        self.compounds.contains(&format!("{head}-{tail}")) || (is_word(&head) && is_word(&tail))
    }
}

/// Whether a character belongs to a script without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF00}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_hyphen(c: char) -> bool {
    HYPHENS.contains(&c) || c == '–'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(document: &str, before: &str, after: &str) -> String {
        let mut words = Words {
            whole: HashSet::new(),
            compounds: HashSet::new(),
        };
        words.add(document);
        let mut text = before.to_owned();
        words.join(&mut text, after, ' ');
        text
    }

    #[test]
    fn words_divided_at_line_ends_are_whole() {
        assert_eq!(
            joined("", "after swal-", "lowing it"),
            "after swallowing it"
        );
        assert_eq!(joined("", "with\u{AD}", "out"), "without");
        // The hyphen of a compound stays.
        assert_eq!(
            joined("a follow-up visit", "the follow-", "up"),
            "the follow-up"
        );
        assert_eq!(
            joined("long term", "for long-", "term use"),
            "for long-term use"
        );
        assert_eq!(
            joined("", "in non-", "English words"),
            "in non-English words"
        );
        // Ranges stay ranges, and a dash stays a dash.
        assert_eq!(joined("", "take 10-", "20 mg"), "take 10-20 mg");
        assert_eq!(joined("", "take 10–", "20 mg"), "take 10–20 mg");
        assert_eq!(joined("", "rest –", "not work"), "rest – not work");
        assert_eq!(joined("", "plain", "words"), "plain words");
    }
}
