//! A place in a text that moves on as parts are read. Copies of it try several readings.

use std::ops::RangeInclusive;

/// A place among the characters of a text in lower case.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    text: &'a [char],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a [char], at: usize) -> Self {
        Self { text, at }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn next(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn before(&self) -> Option<char> {
        self.text.get(self.at.checked_sub(1)?).copied()
    }

    /// Whether a word may begin here. Chinese has no spaces.
    pub fn begins_word(&self) -> bool {
        !self.before().is_some_and(is_letter)
    }

    pub fn skip(&mut self, marks: &str) {
        while self.next().is_some_and(|c| marks.contains(c)) {
            self.at += 1;
        }
    }

    pub fn blanks(&mut self) {
        self.skip(" \t\u{a0}\u{202f}");
    }

    pub fn one_of(&mut self, marks: &str) -> Option<char> {
        let mark = self.next().filter(|c| marks.contains(*c))?;
        self.at += 1;
        Some(mark)
    }

    /// Reads exactly this text.
    pub fn eat(&mut self, text: &str) -> bool {
        let mut reader = *self;
        for c in text.chars() {
            if reader.next() != Some(c) {
                return false;
            }
            reader.at += 1;
        }
        *self = reader;
        true
    }

    /// Reads this text if no letter continues its last word.
    pub fn eat_whole(&mut self, text: &str) -> bool {
        let mut reader = *self;
        let read = reader.eat(text) && !reader.next().is_some_and(is_letter);
        if read {
            *self = reader;
        }
        read
    }

    /// Reads one of these words, and the blanks after it.
    pub fn eat_word(&mut self, words: &[&str]) -> bool {
        let read = words.iter().any(|word| self.eat_whole(word));
        if read {
            self.blanks();
        }
        read
    }

    /// Reads a word of letters and the marks that belong to them.
    pub fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(c) = self.next().filter(|c| c.is_alphabetic() || is_mark(*c)) {
            word.push(c);
            self.at += 1;
        }
        (!word.is_empty()).then_some(word)
    }

    /// Reads a number of so many digits, of any script, that no digit continues.
    pub fn number(&mut self, digits: RangeInclusive<usize>) -> Option<u32> {
        let mut reader = *self;
        let (mut number, mut count) = (0u32, 0);
        while let Some(digit) = reader.next().and_then(digit) {
            number = number.checked_mul(10)?.checked_add(digit)?;
            count += 1;
            reader.at += 1;
        }
        digits.contains(&count).then(|| {
            *self = reader;
            number
        })
    }
}

/// Letters that are written without spaces never continue a word.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !('\u{3040}'..='\u{9fff}').contains(&c) || is_mark(c)
}

/// The vowel signs of Devanagari.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0903}' | '\u{093a}'..='\u{094f}')
}

fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}
