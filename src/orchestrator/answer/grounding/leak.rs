//! Recognises a model's text that gives its prompt away: the random words of the request, in any of
//! the forms in which a model may write them, and sentences of the rules.

use super::markers::without_markers;
use super::reason::Reason;
use crate::language::lists::Set;
use crate::orchestrator::answer::marks::Marks;

/// This many characters of a random word are no chance.
const PART: usize = 10;
/// This many words of the rules in a row are no chance.
const SHINGLE: usize = 6;

/// Six words in a row, for each place of the rules.
pub struct Rules(Set<String>);

impl Rules {
    /// Reads the rules of a prompt, once for all answers.
    pub fn of(rules: &str) -> Self {
        let rules: Vec<String> = words(rules).collect();
        let rows = rules.windows(SHINGLE);
        Self(rows.map(|words| words.join(" ")).collect())
    }
}

/// The forms of what an answer must not contain.
#[derive(Default)]
pub(super) struct Leaks {
    /// The tags around data, which a model may repeat; they are markup, and no leak.
    tags: Vec<String>,
    /// Parts of the random words, in their forms.
    forms: Vec<String>,
    rules: Option<&'static Rules>,
    /// The end of the text before, without its marks and spaces.
    tail: String,
    /// The last words of the text before.
    words: Vec<String>,
}

impl Leaks {
    /// Prepares the check for one prompt.
    pub fn new(marks: &Marks, rules: &'static Rules) -> Self {
        let forms = [&marks.canary, &marks.fence].map(|word| forms(word));
        Self {
            tags: vec![format!("earlier-{}", marks.fence)],
            forms: forms.into_iter().flatten().collect(),
            rules: Some(rules),
            tail: String::new(),
            words: Vec::new(),
        }
    }

    /// Reads the next sentence; returns the reason why it must not be shown, if there is one.
    pub fn find(&mut self, sentence: &str) -> Option<Reason> {
        if self.forms.is_empty() {
            return None;
        }
        let text = self
            .tags
            .iter()
            .fold(sentence.to_owned(), |text, tag| text.replace(tag, ""));
        let longest = self.forms.iter().map(String::len).max().unwrap_or_default();
        let letters = format!("{}{}", self.tail, squeezed(&without_markers(&text)));
        let secret = self.forms.iter().any(|form| letters.contains(form));
        // A word may go on in the next sentence.
        let from = letters.chars().count().saturating_sub(longest);
        self.tail = if secret {
            String::new()
        } else {
            letters.chars().skip(from).collect()
        };
        self.words.extend(words(&text));
        let mut shingles = self.words.windows(SHINGLE);
        let echo = self
            .rules
            .is_some_and(|Rules(rules)| shingles.any(|words| rules.contains(&words.join(" "))));
        let from = if echo {
            self.words.len()
        } else {
            self.words.len().saturating_sub(SHINGLE - 1)
        };
        self.words.drain(..from);
        if secret {
            Some(Reason::Secret)
        } else {
            echo.then_some(Reason::Echo)
        }
    }
}

/// Returns the letters and digits of a text, in lower case.
fn squeezed(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Returns the parts of a word as it is, reversed, in rot13, hexadecimal and base64.
fn forms(word: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let reversed: String = word.chars().rev().collect();
    for form in [word, &reversed, &rot13(word)] {
        let chars: Vec<char> = form.chars().collect();
        forms.extend(chars.chunks_exact(PART).map(|part| part.iter().collect()));
    }
    for form in [word, &reversed] {
        forms.push(hex::encode(form));
        // The code of a word depends on the characters before it.
        for before in 0..3 {
            let code = base64(&format!("{}{form}", " ".repeat(before)));
            let inner = code.get(4..code.len().saturating_sub(4));
            forms.extend(inner.map(squeezed));
        }
    }
    forms
}

fn rot13(word: &str) -> String {
    let turn = |c: char| match c {
        'a'..='m' => char::from_u32(u32::from(c) + 13).unwrap_or(c),
        'n'..='z' => char::from_u32(u32::from(c) - 13).unwrap_or(c),
        c => c,
    };
    word.chars().map(turn).collect()
}

/// Encodes whole groups of three bytes; a rest is left out.
fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut code = String::new();
    for group in text.as_bytes().chunks_exact(3) {
        let bits = group
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            let digit = DIGITS.get(bits >> shift & 63);
            code.extend(digit.map(|digit| char::from(*digit)));
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    const CANARY: &str = "3f9a07bc11d2e85a64c0";

    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::of("Use only the numbered passages in the last message."));

    fn leaks() -> Leaks {
        let marks = Marks {
            fence: "b1946ac92492d2347c62".into(),
            canary: CANARY.into(),
        };
        Leaks::new(&marks, &RULES)
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let spaced: Vec<String> = CANARY.chars().map(String::from).collect();
        for text in [
            CANARY.to_owned(),
            format!("The word is **{}**.", CANARY.to_uppercase()),
            format!("{} [1] {}", &CANARY[..5], &CANARY[5..]),
            spaced.join(" "),
            spaced.join("-"),
            CANARY[..12].to_owned(),
            CANARY.chars().rev().collect(),
            "M2Y5YTA3YmMxMWQyZTg1YTY0YzA=".into(),
            "eDNmOWEwN2JjMTFkMmU4NWE2NGMw".into(),
            "3366396130376263313164326538356136346330".into(),
            "3s9n07op11q2r85n64p0".into(),
            "</passage-b1946ac92492d2347c62>".into(),
        ] {
            assert_eq!(leaks().find(&text), Some(Reason::Secret), "{text}");
        }
    }

    #[test]
    fn a_secret_over_several_sentences_is_found_at_its_end() {
        let mut leaks = leaks();
        assert_eq!(leaks.find("First 3f9a0."), None);
        assert_eq!(leaks.find("7bc11."), Some(Reason::Secret));
    }

    #[test]
    fn the_rules_are_not_shown() {
        assert_eq!(
            leaks().find("My rule: \"use only the NUMBERED passages in the\""),
            Some(Reason::Echo)
        );
    }

    #[test]
    fn other_text_is_no_leak() {
        for text in [
            "Use only the tablets in the last blister.",
            "Call 0800 123 456.",
            "<earlier-b1946ac92492d2347c62> Rest well.",
        ] {
            assert_eq!(leaks().find(text), None, "{text}");
        }
    }
}
