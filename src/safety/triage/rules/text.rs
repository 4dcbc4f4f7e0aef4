//! A message as the rules read it: folded words with their sentence and clause, and numbers.
//!
//! Folding makes equal what people type differently: case, width, accents, vowel marks, digits of
//! other scripts, apostrophes and drawn-out letters. Patterns are folded the same way.

use unicode_normalization::UnicodeNormalization;

use crate::language::digits::ascii_digit;

/// One word, one ideograph or kana, or one number of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub text: String,
    /// The value of a number, also of one in words.
    pub number: Option<f64>,
    pub sentence: usize,
    /// Counts over the whole message; each pause begins a new one.
    pub clause: usize,
    /// A slash stands before it: "120/80".
    pub after_slash: bool,
}

/// A message in the form that the rules read.
#[derive(Debug, Default)]
pub struct Text {
    pub tokens: Vec<Token>,
    /// For each sentence, whether it ends with a question mark.
    pub questions: Vec<bool>,
}

const SENTENCE_ENDS: [char; 9] = ['.', '!', '?', ';', '\n', '。', '।', '⏎', '؛'];
const QUESTION_MARKS: [char; 2] = ['?', '؟'];
const PAUSES: [char; 10] = [',', '(', ')', '–', '—', ':', '،', '、', '"', '«'];
const APOSTROPHES: [char; 5] = ['\'', '’', 'ʼ', '`', '´'];
const DECIMAL_POINTS: [char; 4] = ['.', ',', '٫', '·'];
/// Letters before an apostrophe that are words of their own: "j'ai", "d'eau".
const ELISIONS: [&str; 9] = ["j", "l", "d", "n", "s", "m", "t", "c", "qu"];
const IDEOGRAPHIC_DIGITS: &str = "零一二三四五六七八九";

impl Text {
    /// Reads a message in one pass.
    pub fn of(message: &str) -> Self {
        let mut reader = Reader::default();
        let letters: Vec<char> = message.nfkc().flat_map(char::to_lowercase).collect();
        for (at, &letter) in letters.iter().enumerate() {
            let next = letters.get(at + 1).copied();
            reader.read(letter, next);
        }
        reader.end_word();
        reader.end_ideographs();
        reader.text.questions.push(false);
        reader.text
    }

    /// The words of a pattern, folded as those of a message are.
    pub fn words(pattern: &str) -> Vec<String> {
        let tokens = Self::of(pattern).tokens.into_iter();
        tokens.map(|token| token.text).collect()
    }
}

#[derive(Default)]
struct Reader {
    text: Text,
    word: String,
    clause: usize,
    after_slash: bool,
    /// The value of the ideographic number that is being read, and its last digit.
    ideographs: Option<(f64, f64)>,
}

impl Reader {
    fn read(&mut self, letter: char, next: Option<char>) {
        if APOSTROPHES.contains(&letter) {
            if ELISIONS.contains(&self.word.as_str()) && next.is_some_and(char::is_alphabetic) {
                self.end_word();
            }
            return;
        }
        let before_digit = next.is_some_and(|next| ascii_digit(next).is_some());
        if DECIMAL_POINTS.contains(&letter) && self.is_whole_number() && before_digit {
            self.word.push('.');
        } else if let Some(digit) = ascii_digit(letter) {
            if !self.is_number() {
                self.end_word();
            }
            self.word.push(digit);
        } else if is_ideograph(letter) || letter == '%' || letter == '٪' {
            self.end_word();
            self.ideograph(if letter == '٪' { '%' } else { letter });
        } else if is_letter(letter) {
            if self.is_number() {
                self.end_word();
            }
            self.word.push(letter);
        } else if !is_ignored(letter) {
            self.separate(letter);
        }
    }

    fn separate(&mut self, letter: char) {
        self.end_word();
        self.end_ideographs();
        self.after_slash = letter == '/';
        if QUESTION_MARKS.contains(&letter) || SENTENCE_ENDS.contains(&letter) {
            self.text.questions.push(QUESTION_MARKS.contains(&letter));
            self.clause += 1;
        } else if PAUSES.contains(&letter) {
            self.clause += 1;
        }
    }

    fn is_number(&self) -> bool {
        self.word.starts_with(|c: char| c.is_ascii_digit())
    }

    fn is_whole_number(&self) -> bool {
        self.is_number() && !self.word.contains('.')
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        self.end_ideographs();
        let word = std::mem::take(&mut self.word);
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let value = word.parse().ok();
            self.push(word, value);
        } else {
            let folded = fold(&word);
            if !folded.is_empty() {
                self.push(folded, None);
            }
        }
    }

    /// Each ideograph is a token; the last one of a number carries the value.
    fn ideograph(&mut self, letter: char) {
        let value = IDEOGRAPHIC_DIGITS.chars().position(|digit| digit == letter);
        let value = value.and_then(|value| u32::try_from(value).ok());
        let (sum, last) = self.ideographs.unwrap_or((0.0, 0.0));
        self.ideographs = match letter {
            '两' => Some((sum, 2.0)),
            '十' => Some((sum + last.max(1.0) * 10.0, 0.0)),
            '百' => Some((sum + last.max(1.0) * 100.0, 0.0)),
            _ => value.map(|value| (sum, f64::from(value))),
        };
        if self.ideographs.is_none() && sum + last > 0.0 {
            self.give(sum + last);
        }
        self.push(letter.to_string(), None);
    }

    fn end_ideographs(&mut self) {
        if let Some((sum, last)) = self.ideographs.take()
            && sum + last > 0.0
        {
            self.give(sum + last);
        }
    }

    /// Gives the last token a value.
    fn give(&mut self, value: f64) {
        if let Some(token) = self.text.tokens.last_mut() {
            token.number = token.number.or(Some(value));
        }
    }

    fn push(&mut self, text: String, number: Option<f64>) {
        self.text.tokens.push(Token {
            text,
            number,
            sentence: self.text.questions.len(),
            clause: self.clause,
            after_slash: std::mem::take(&mut self.after_slash),
        });
    }
}

/// Letters of scripts without spaces, kana included: each is a token.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || is_mark(letter) || letter == '\u{94D}'
}

/// Marks that stand above or below a letter and are often left out.
fn is_mark(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{640}' | '\u{93C}')
}

/// Joiners and direction marks.
fn is_ignored(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FE0F}' | '\u{FEFF}')
}

/// Returns a lower-case word without its marks, with one letter for letters that people mix up.
fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    let letters = word.nfd().filter(|letter| !is_mark(*letter));
    for letter in letters {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'أ' | 'إ' | 'آ' | 'ٱ' => folded.push('ا'),
            'ى' | 'ی' | 'ئ' => folded.push('ي'),
            'ؤ' => folded.push('و'),
            'ة' => folded.push('ه'),
            'ک' => folded.push('ك'),
            'ء' => {}
            // The nasal dot and the half moon are one to most who type.
            'ँ' => folded.push('ं'),
            other => folded.push(other),
        }
    }
    without_drawl(&folded)
}

/// Three or more of a letter in a row are one: "heeelp".
fn without_drawl(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut kept = String::with_capacity(word.len());
    for run in letters.chunk_by(|a, b| a == b) {
        let count = if run.len() > 2 { 1 } else { run.len() };
        kept.extend(run.iter().take(count));
    }
    kept
}
