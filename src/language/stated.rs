//! The version and the dates that a document states about itself: "Version 2.0, 2 February 2026",
//! "Review date: March 2027". They stand at its beginning or its end.

mod date;
mod reader;
mod words;

use chrono::NaiveDate;

use reader::Reader;
use words::{BETWEEN, DATE, REVIEW, VERSION};

/// The characters at the beginning and at the end that are read.
const WINDOW: usize = 1_500;
/// The longest version, such as `2.10.3b`, in characters.
const MAX_VERSION: usize = 12;
/// Marks that may stand between a word and what it names. A cell or a line may end there.
const MARKS: &str = " \t\u{a0}\u{202f}:：|.,()–—-\n";

/// A document's statements about itself, word for word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    pub version: Option<String>,
    /// The date of this version.
    pub date: Option<String>,
    /// The date until which it should be read again.
    pub review: Option<String>,
    /// The first day after that date, if the date has one meaning.
    pub review_over: Option<NaiveDate>,
}

/// Reads what a document states at its beginning, and what is lacking there at its end.
pub fn stated(text: &str) -> Stated {
    let chars: Vec<char> = text.chars().collect();
    let head = chars.get(..WINDOW).unwrap_or(&chars);
    let tail = chars.len().saturating_sub(WINDOW).max(head.len());
    let mut stated = Stated::default();
    read(head, &mut stated);
    read(chars.get(tail..).unwrap_or_default(), &mut stated);
    stated
}

/// Fills what is still lacking, at the first place that states it.
fn read(chars: &[char], stated: &mut Stated) {
    // One character for one, so that places in both are the same.
    let lower: Vec<char> = chars
        .iter()
        .map(|c| c.to_lowercase().next().unwrap_or(*c))
        .collect();
    let said = |start: usize, end: usize| {
        let part = chars.get(start..end).unwrap_or_default();
        part.iter()
            .map(|c| if *c == '\n' { ' ' } else { *c })
            .collect::<String>()
    };
    let mut at = 0;
    while at < lower.len() {
        let reader = Reader::new(&lower, at);
        at += 1;
        if !reader.begins_word() {
            continue;
        }
        if let Some((start, end)) = version(reader) {
            if stated.version.is_none() {
                stated.version = Some(said(start, end));
                let mut next = Reader::new(&lower, end);
                next.skip(MARKS);
                while next.eat_word(&BETWEEN) {}
                if let Some(written) = date::read(next).filter(|_| stated.date.is_none()) {
                    stated.date = Some(said(next.at(), written.end));
                }
            }
            at = end;
        } else if let Some((start, written)) = dated(reader, &REVIEW) {
            // A part of these words is a word for another date.
            if stated.review.is_none() {
                stated.review = Some(said(start, written.end));
                stated.review_over = written.after;
            }
            at = written.end;
        } else if let Some((start, written)) = dated(reader, &DATE) {
            if stated.date.is_none() {
                stated.date = Some(said(start, written.end));
            }
            at = written.end;
        }
    }
}

/// Reads one of these words and a date.
fn dated(reader: Reader<'_>, words: &[&str]) -> Option<(usize, date::Written)> {
    after(reader, words).find_map(|at| Some((at.at(), date::read(at)?)))
}

/// Reads a word for a version and its number, or a bare `v2.1`.
fn version(reader: Reader<'_>) -> Option<(usize, usize)> {
    let named = after(reader, &VERSION).find_map(|mut at| {
        let start = at.at();
        let _ = at.one_of("v");
        number(at, 0).map(|end| (start, end))
    });
    named.or_else(|| {
        let mut at = reader;
        at.one_of("v")?;
        number(at, 1).map(|end| (reader.at(), end))
    })
}

/// The end of a version's number, which has at least so many points. A year or a date is none.
fn number(mut at: Reader<'_>, points: usize) -> Option<usize> {
    let (start, dated) = (at.at(), date::read(at).is_some());
    at.number(1..=3)?;
    let mut found = 0;
    loop {
        let mut next = at;
        if next.one_of(".").is_none() || next.number(1..=3).is_none() {
            break;
        }
        at = next;
        found += 1;
    }
    let _ = at.one_of("abc");
    let ends = !at.next().is_some_and(char::is_alphanumeric);
    (ends && !dated && found >= points && at.at() - start <= MAX_VERSION).then_some(at.at())
}

/// The places after one of these words where what it names may stand: with the words between, and
/// without.
fn after<'a>(reader: Reader<'a>, words: &[&str]) -> impl Iterator<Item = Reader<'a>> {
    words
        .iter()
        .flat_map(move |word| {
            let mut at = reader;
            let mut places = Vec::new();
            if at.eat_whole(word) {
                at.skip(MARKS);
                places.push(at);
                while at.eat_word(&BETWEEN) {
                    at.skip(MARKS);
                    places.push(at);
                }
            }
            places
        })
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests;
