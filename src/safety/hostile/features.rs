//! The features of a few sentences: concepts, concepts near each other, words, pairs of words and
//! the form of the text.

use std::collections::HashSet;
use std::fmt::Write;

use super::concepts::concepts;
use super::fold::Placed;
use super::words::{Word, words};

/// Concepts this many words apart are near each other.
const NEAR: usize = 10;
/// Words at the beginning of a line that stand for the speaker of a chat.
const SPEAKERS: [&str; 8] = [
    "system",
    "assistant",
    "user",
    "human",
    "ai",
    "sistema",
    "systeme",
    "sys",
];
/// Signs of the formats in which models are prompted.
const MARKS: [&str; 12] = [
    "<|",
    "|>",
    "[inst",
    "[/inst",
    "<system",
    "</system",
    "</passage",
    "<<sys",
    "<!--",
    "### ",
    "===",
    "--- ",
];

/// A sentence that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    text: Vec<char>,
    words: Vec<Word>,
    form: Vec<&'static str>,
    /// Every concept of it, as bits.
    pub concepts: u64,
}

impl Read {
    /// Reads folded text.
    pub fn new(text: &[Placed]) -> Self {
        let words = words(text);
        Self {
            concepts: words.iter().fold(0, |bits, word| bits | word.concepts),
            form: form(text),
            text: text.iter().map(|(c, _)| *c).collect(),
            words,
        }
    }

    /// The characters of a word.
    fn spelling(&self, word: &Word) -> impl Iterator<Item = &char> {
        self.text.get(word.place.clone()).unwrap_or_default().iter()
    }

    /// Whether the form alone is a reason to look closely.
    pub fn is_marked(&self) -> bool {
        !self.form.is_empty()
    }
}

/// Returns what the form of a sentence tells.
fn form(text: &[Placed]) -> Vec<&'static str> {
    let is_sign =
        |(c, _): &Placed| matches!(c, ':' | '<' | '[' | '#' | '=' | '@' | '_' | '/' | '0'..='9');
    let begins_address = |four: &[Placed]| matches!(four, [('w', _), ('w', _), ('w', _), ('.', _)]);
    if !text.iter().any(is_sign) && !text.windows(4).any(begins_address) {
        return Vec::new();
    }
    let plain: String = text.iter().map(|(c, _)| *c).collect();
    let trimmed = plain.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut found = Vec::new();
    if let Some((speaker, _)) = trimmed.split_once(':')
        && SPEAKERS.contains(&speaker.trim())
    {
        found.push("speaker");
    }
    if MARKS.iter().any(|mark| plain.contains(mark)) {
        found.push("mark");
    }
    let words = plain.split_whitespace().filter(|word| !word.contains('/'));
    let mut parts =
        words.flat_map(|word| word.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    let is_name = |word: &str| {
        let mut ends = word.split('_');
        word.contains('_') && ends.all(|end| end.len() > 1)
    };
    if parts.any(is_name) {
        found.push("function");
    }
    if has_mail(&plain) {
        found.push("mail");
    }
    if plain.contains("http") || plain.contains("www.") {
        found.push("link");
    }
    if has_phone(&plain) {
        found.push("phone");
    }
    if plain.contains("](") || plain.contains("<img") {
        found.push("markup");
    }
    found
}

fn has_mail(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.any(|word| {
        let mut parts = word.split('@');
        let (before, after) = (parts.next(), parts.next());
        before.is_some_and(|name| !name.is_empty()) && after.is_some_and(|host| host.contains('.'))
    })
}

fn has_phone(text: &str) -> bool {
    let joins = |c: char| matches!(c, ' ' | '-' | '+' | '(' | ')');
    let mut runs = text.split(|c: char| !c.is_ascii_digit() && !joins(c));
    runs.any(|run| run.chars().filter(char::is_ascii_digit).count() >= 9)
}

/// Hands over the names of the features of sentences that follow each other; some come twice.
pub(super) fn features<'a>(
    read: impl Iterator<Item = &'a Read> + Clone,
    mut take: impl FnMut(&str),
) {
    let list = concepts();
    let mut name = String::new();
    for form in read.clone().flat_map(|read| &read.form) {
        name.clear();
        let _ = write!(name, "form {form}");
        take(&name);
    }
    let words: Vec<(&Read, &Word)> = read
        .flat_map(|read| read.words.iter().map(move |word| (read, word)))
        .collect();
    let mut pairs = HashSet::new();
    for (at, (read, word)) in words.iter().enumerate() {
        name.clear();
        name.push_str("word ");
        name.extend(read.spelling(word));
        take(&name);
        if let Some((read, next)) = words.get(at + 1) {
            name.push(' ');
            name.extend(read.spelling(next));
            take(&name);
        }
        let near = words.get(at + 1..).unwrap_or_default().iter().take(NEAR);
        for one in bits(word.concepts) {
            let quoted = if word.quoted { "quoted" } else { "concept" };
            name.clear();
            let _ = write!(name, "{quoted} {}", list.names.get(one).unwrap_or(&""));
            take(&name);
            for other in near.clone().flat_map(|(_, other)| bits(other.concepts)) {
                pairs.insert((one.min(other), one.max(other)));
            }
        }
    }
    for (one, other) in pairs.into_iter().filter(|(one, other)| one != other) {
        let of = |number: usize| list.names.get(number).copied().unwrap_or_default();
        name.clear();
        let _ = write!(name, "near {} {}", of(one), of(other));
        take(&name);
    }
}

/// Returns the numbers of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = set.trailing_zeros();
        set &= set.checked_sub(1)?;
        usize::try_from(lowest).ok()
    })
}
