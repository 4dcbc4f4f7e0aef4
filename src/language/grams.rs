//! The features of short texts: words, pairs of words, and parts of words, in any script.
//!
//! Parts of words carry a sign across inflections, typing errors and languages that write no
//! spaces. Case, accents, apostrophes and long repetitions tell nothing, and are removed first.

use unicode_normalization::UnicodeNormalization;

use super::digits::ascii_digit;

/// The shortest and the longest part of a word, in characters. The spaces around a word count.
const PART: std::ops::RangeInclusive<usize> = 2..=5;
/// More characters than this are not read; a message of a person has at most a few thousand.
const MAX_CHARS: usize = 16_384;

/// The two kinds of features, each with a weight of its own in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One word, or two that follow each other.
    Words,
    /// Two to five characters of one word.
    Part,
}

/// A text as its features see it.
pub struct Grams {
    /// The words with one space around each.
    text: String,
    /// The places of the words' first bytes and of the spaces behind them.
    words: Vec<(usize, usize)>,
}

impl Grams {
    /// Reads a text. The time is linear in its length.
    pub fn of(text: &str) -> Self {
        let mut read = Self {
            text: String::from(" "),
            words: Vec::new(),
        };
        for word in plain(text).split(|c: char| !is_of_a_word(c)) {
            if !word.is_empty() {
                let start = read.text.len();
                read.text.push_str(word);
                read.words.push((start, read.text.len()));
                read.text.push(' ');
            }
        }
        read
    }

    /// Whether the text has no word.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Calls `visit` with every feature of one kind, as often as it occurs.
    pub fn each<'a>(&'a self, kind: Kind, mut visit: impl FnMut(&'a str)) {
        match kind {
            Kind::Words => {
                for (at, (start, end)) in self.words.iter().enumerate() {
                    visit(self.slice(*start, *end));
                    if let Some((_, next)) = self.words.get(at + 1) {
                        visit(self.slice(*start, *next));
                    }
                }
            }
            Kind::Part => {
                for (start, end) in &self.words {
                    let padded = self.slice(start - 1, end + 1);
                    let bounds: Vec<usize> = padded
                        .char_indices()
                        .map(|(at, _)| at)
                        .chain([padded.len()])
                        .collect();
                    for length in PART {
                        for ends in bounds.windows(length + 1) {
                            if let (Some(from), Some(to)) = (ends.first(), ends.last()) {
                                visit(padded.get(*from..*to).unwrap_or_default());
                            }
                        }
                    }
                }
            }
        }
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Returns the text in lower case, without accents, apostrophes and third repetitions.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let (mut last, mut run) = (None, 0);
    let shown = text.nfkc().take(MAX_CHARS).flat_map(char::to_lowercase);
    for c in shown.nfd().filter(|c| !is_mark(*c)).nfc() {
        run = if last == Some(c) { run + 1 } else { 0 };
        last = Some(c);
        if run < 2 || c.is_numeric() {
            plain.push(ascii_digit(c).unwrap_or(c));
        }
    }
    plain
}

/// Accents of Latin letters, Arabic vowel signs, and apostrophes. Signs of other scripts are
/// letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\'' | '’' | 'ʼ' | '`' | '´')
}

/// Whether a word goes on here. Signs such as `+`, `%` and `&` are words of people who type fast.
fn is_of_a_word(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(
            c,
            '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '⏎' | '…'
        )
        && !matches!(
            c,
            '，' | '。' | '！' | '？' | '；' | '：' | '、' | '।' | '؟' | '،' | '؛'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(text: &str, kind: Kind) -> Vec<String> {
        let grams = Grams::of(text);
        let mut found = Vec::new();
        grams.each(kind, |gram| found.push(gram.to_owned()));
        found
    }

    #[test]
    fn words_and_pairs_are_found_without_case_accents_and_apostrophes() {
        let found = features("Él can’t BREATHE!!!", Kind::Words);
        assert_eq!(found, ["el", "el cant", "cant", "cant breathe", "breathe"]);
    }

    #[test]
    fn parts_never_cross_the_borders_of_a_word() {
        let found = features("ab c", Kind::Part);
        assert_eq!(
            found,
            [" a", "ab", "b ", " ab", "ab ", " ab ", " c", "c ", " c "]
        );
    }

    #[test]
    fn every_script_has_features() {
        assert_eq!(features("胸痛！", Kind::Words), ["胸痛"]);
        assert!(features("सीने में दर्द।", Kind::Words).contains(&"दर्द".to_owned()));
        assert_eq!(features("أَلَم", Kind::Words), features("الم", Kind::Words));
    }

    #[test]
    fn long_repetitions_are_two_letters_but_numbers_keep_their_digits() {
        assert_eq!(features("heeeelp 1000", Kind::Words)[0], "heelp");
        assert_eq!(features("heeeelp 1000", Kind::Words)[2], "1000");
        assert_eq!(features("٣٨ ३८", Kind::Words)[2], "38");
    }

    #[test]
    fn an_empty_text_has_none() {
        assert!(features(" ?! ", Kind::Part).is_empty());
    }
}
