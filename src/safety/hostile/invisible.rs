//! Text that nobody sees. Many invisible characters are honest: a joiner in Hindi or in an emoji, a
//! soft hyphen, a direction mark. Only uses that carry or change text are found.

use super::finding::{Finding, Kind};

/// A run of this many characters carries a message; honest text has one or two in a row.
const MIN_RUN: usize = 4;

/// The character that begins the flag of a region; tags after it are part of the emoji.
const FLAG: char = '\u{1f3f4}';

/// The use of an invisible character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    /// A copy of ASCII, or a selector: a run of them is text in disguise.
    Carrier,
    /// Nothing, with no width.
    Blank,
    /// The reversal of what follows, against the direction of its script.
    Override,
}

fn hidden(c: char) -> Option<Hidden> {
    match c {
        '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}' | '\u{fe00}'..='\u{fe0f}' => {
            Some(Hidden::Carrier)
        }
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{180e}' => {
            Some(Hidden::Blank)
        }
        '\u{202d}' | '\u{202e}' => Some(Hidden::Override),
        _ => None,
    }
}

/// Whether a script uses joiners inside words.
fn joins(c: char) -> bool {
    !c.is_ascii() && !matches!(c, 'À'..='\u{52f}')
}

/// Whether a character is a letter that no joiner belongs to: Latin, Greek or Cyrillic.
fn stands_alone(c: char) -> bool {
    c.is_alphabetic() && !joins(c)
}

/// Returns the invisible parts of a text.
pub(super) fn find(text: &str) -> impl Iterator<Item = Finding> {
    Runs {
        chars: text.chars(),
        at: 0,
        before: None,
        split: Split::default(),
    }
}

/// Letters with a blank between every two of them.
#[derive(Clone, Copy, Default)]
struct Split {
    start: usize,
    /// The number of blanks.
    blanks: usize,
    /// Whether the last character was a blank.
    open: bool,
}

/// Reads a text once.
struct Runs<'a> {
    chars: std::str::Chars<'a>,
    at: usize,
    before: Option<char>,
    split: Split,
}

impl Iterator for Runs<'_> {
    type Item = Finding;

    fn next(&mut self) -> Option<Finding> {
        loop {
            let start = self.at;
            let Some(c) = self.chars.next() else {
                return self.end_split(start);
            };
            self.at += 1;
            let Some(kind) = hidden(c) else {
                let ended = self.visible(c, start);
                self.before = Some(c);
                if ended.is_some() {
                    return ended;
                }
                continue;
            };
            let mut last = c;
            let mut ahead = self.chars.clone();
            while let Some(next) = ahead.next().filter(|next| hidden(*next).is_some()) {
                last = next;
                self.chars = ahead.clone();
                self.at += 1;
            }
            let length = self.at - start;
            // A flag ends with the tag of its end.
            let is_flag = self.before == Some(FLAG) && last == '\u{e007f}' && length <= 8;
            if (length >= MIN_RUN && !is_flag) || kind == Hidden::Override {
                self.split = Split::default();
                return Some(finding(start, self.at));
            }
            self.blank(start);
        }
    }
}

impl Runs<'_> {
    fn visible(&mut self, c: char, at: usize) -> Option<Finding> {
        if self.split.open && stands_alone(c) {
            self.split.open = false;
            return None;
        }
        self.end_split(at)
    }

    fn blank(&mut self, at: usize) {
        let between = self.before.is_some_and(stands_alone);
        if !between {
            self.split = Split::default();
            return;
        }
        if self.split.blanks == 0 {
            self.split.start = at.saturating_sub(1);
        }
        self.split.blanks += 1;
        self.split.open = true;
    }

    /// Ends a word that may be split; one or two blanks mark where a long word may be broken.
    fn end_split(&mut self, at: usize) -> Option<Finding> {
        let split = std::mem::take(&mut self.split);
        (split.blanks >= 3).then(|| finding(split.start, at))
    }
}

fn finding(start: usize, end: usize) -> Finding {
    Finding {
        kind: Kind::InvisibleText,
        start,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str) -> Vec<(usize, usize)> {
        find(text).map(|found| (found.start, found.end)).collect()
    }

    #[test]
    fn hidden_text_is_found() {
        for (text, span) in [
            ("a\u{e0049}\u{e0067}\u{e006e}\u{e006f} b", (1, 5)),
            ("Rest\u{200b}\u{200c}\u{200d}\u{200b} well", (4, 8)),
            ("Rest\u{fe01}\u{e0101}\u{e0102}\u{e0103}", (4, 8)),
            ("say i\u{200b}g\u{200b}n\u{200b}o\u{200b}re", (4, 13)),
            ("dose \u{202e}gm 05", (5, 6)),
        ] {
            assert_eq!(spans(text), [span], "{text:?}");
        }
    }

    #[test]
    fn honest_characters_are_left_alone() {
        for text in [
            "क्\u{200d}षेत्र और क\u{200d}ष्ट",
            "می\u{200c}خواهم",
            "👩\u{200d}⚕\u{fe0f} and 👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "\u{feff}A title",
            "a\u{200b}long\u{200b}word",
            "\u{200f}شكرا\u{200e} hos\u{ad}pi\u{ad}tal",
        ] {
            assert_eq!(spans(text), [], "{text:?}");
        }
    }
}
