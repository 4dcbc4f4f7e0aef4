//! Sentences that say the same with different numbers.
//!
//! Two sentences say the same if neither replaces a word of the other and the longer one adds few.
//! They differ if each has a number that the other lacks.

use std::collections::BTreeSet;

use super::content_words;
use super::sentences::sentences;
use crate::domain::text::slice_chars;

/// The fewest words that two sentences share; "Call 111" alone says too little.
const FEWEST_SHARED: usize = 3;
/// The most words that the longer sentence adds, or a quarter if that is more.
const MOST_ADDED: usize = 2;

/// Two sentences that say the same with different numbers.
pub struct Difference {
    pub own: Statement,
    pub other: Statement,
    /// The quantities of each that the other lacks.
    pub own_only: Vec<String>,
    pub other_only: Vec<String>,
}

/// A sentence with numbers, at character offsets of its passage.
#[derive(Clone)]
pub struct Statement {
    pub start: i32,
    pub end: i32,
    words: BTreeSet<String>,
    quantities: Vec<Quantity>,
}

/// A number, and the text that people see of it.
#[derive(Clone)]
struct Quantity {
    number: String,
    shown: String,
}

/// Returns the sentences of two passages that say the same with different numbers.
pub fn differences(own: &str, other: &str) -> Vec<Difference> {
    let others = statements(other);
    let mut found = Vec::new();
    for own in statements(own) {
        for other in others.iter().filter(|other| says_the_same(&own, other)) {
            let own_only = missing(&own, other);
            let other_only = missing(other, &own);
            if !own_only.is_empty() && !other_only.is_empty() {
                found.push(Difference {
                    own: own.clone(),
                    other: other.clone(),
                    own_only,
                    other_only,
                });
            }
        }
    }
    found
}

fn statements(text: &str) -> Vec<Statement> {
    let offset = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    sentences(text)
        .into_iter()
        .filter_map(|(start, end)| {
            let sentence = slice_chars(text, start, end)?;
            let quantities = quantities(sentence);
            (!quantities.is_empty()).then(|| Statement {
                start: offset(start),
                end: offset(end),
                words: without_numbers(sentence),
                quantities,
            })
        })
        .collect()
}

/// Whether neither sentence replaces a word of the other, and the longer one adds few.
fn says_the_same(one: &Statement, other: &Statement) -> bool {
    one.words.len().min(other.words.len()) >= FEWEST_SHARED && adds_little(&one.words, &other.words)
}

/// The quantities of one sentence whose number the other lacks.
fn missing(of: &Statement, other: &Statement) -> Vec<String> {
    let known = |number: &str| other.quantities.iter().any(|q| q.number == number);
    let lacking = of.quantities.iter().filter(|q| !known(&q.number));
    lacking.map(|quantity| quantity.shown.clone()).collect()
}

/// The numbers of a sentence, each with the word after it: `20 mg`, `8 pm`, `4-6 hours`.
fn quantities(sentence: &str) -> Vec<Quantity> {
    let mut words = sentence.split_whitespace().peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let Some(first) = word.find(|c: char| c.is_ascii_digit()) else {
            continue;
        };
        let body = word.get(first..).unwrap_or_default();
        let last = body.rfind(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let (number, rest) = body.split_at(last + 1);
        let attached = rest.trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
        let unit = if attached.is_empty() && rest.is_empty() {
            let next = words.peek().copied().unwrap_or_default();
            next.trim_matches(|c: char| !c.is_alphanumeric() && c != '%')
        } else {
            attached
        };
        found.push(Quantity {
            number: plain(number),
            shown: format!("{number} {unit}").trim_end().to_owned(),
        });
    }
    found
}

/// Writes a number in one way: `1,000` is 1000, `8:00` is 8, and dashes are alike.
fn plain(number: &str) -> String {
    let dashes = number.replace(['–', '—'], "-");
    let hours = dashes.replace(":00", "");
    match hours.split_once(',') {
        Some((before, after)) if after.len() == 3 => format!("{before}{after}"),
        _ => hours,
    }
}

/// Whether neither text replaces a word of the other, and the longer one adds few.
fn adds_little(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let added = long.len() - short.len();
    short.is_subset(long) && added <= (short.len() / 4).max(MOST_ADDED)
}

/// Whether two passages are about one thing: one has nearly the words of the other, or the title of one
/// has all words of the other's. The name of a file says nothing.
pub fn are_about_one_thing(one: (&str, &str), other: (&str, &str)) -> bool {
    let ((title, text), (other_title, other_text)) = (one, other);
    let [own, others] = [title, other_title].map(without_numbers);
    let named = [title, other_title]
        .into_iter()
        .all(|title| !is_file_name(title));
    let titled = named && !own.is_empty() && !others.is_empty();
    (titled && (own.is_subset(&others) || others.is_subset(&own)))
        || adds_little(&without_numbers(text), &without_numbers(other_text))
}

fn is_file_name(title: &str) -> bool {
    let title = title.trim();
    !title.contains(char::is_whitespace) && title.contains(['.', '-', '_', '/'])
}

fn without_numbers(text: &str) -> BTreeSet<String> {
    let has_letters = |word: &String| !word.chars().any(|c| c.is_ascii_digit());
    content_words(text).filter(has_letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflicts(own: &str, other: &str) -> Vec<(Vec<String>, Vec<String>)> {
        differences(own, other)
            .into_iter()
            .map(|pair| (pair.own_only, pair.other_only))
            .collect()
    }

    fn one(own: &str, other: &str) -> (String, String) {
        let found = conflicts(own, other);
        let [(own, other)] = found.as_slice() else {
            panic!("one conflict: {found:?}");
        };
        (own.join(", "), other.join(", "))
    }

    #[test]
    fn the_same_sentence_with_another_number_is_a_conflict() {
        let (own, other) = one(
            "Keep it dry. Take 500 mg of paracetamol every 4 hours.",
            "Take 500 mg of paracetamol every 6 hours. Keep it dry.",
        );
        assert_eq!((own.as_str(), other.as_str()), ("4 hours", "6 hours"));
        let (own, other) = one(
            "Visiting hours are from 2 pm to 8 pm.",
            "Visiting hours are from 2 pm to 7pm every day.",
        );
        assert_eq!((own.as_str(), other.as_str()), ("8 pm", "7 pm"));
    }

    #[test]
    fn another_drug_an_added_number_and_another_notation_are_none() {
        for (own, other) in [
            (
                "Take 500 mg of paracetamol every 4 hours.",
                "Take 400 mg of ibuprofen every 4 hours.",
            ),
            (
                "Take 500 mg of paracetamol every 4 hours.",
                "Take 500 mg of paracetamol every 4 hours, up to 8 times.",
            ),
            (
                "Drink up to 1,000 ml of water after 8:00 pm.",
                "Drink up to 1000 ml of water after 8 pm.",
            ),
            ("Call 111.", "Call 112."),
            ("The ward is closed.", "The ward is closed."),
        ] {
            assert_eq!(conflicts(own, other), []);
        }
    }

    #[test]
    fn two_places_are_two_things_although_their_sentences_are_alike() {
        let north = (
            "Blood tests at North House",
            "North House opens at 7:30 for blood tests.",
        );
        let south = (
            "Blood tests at South House",
            "South House opens at 13:00 for blood tests.",
        );
        assert!(!are_about_one_thing(north, south));
        let (old, new) = (
            "The dialysis unit has 14 chairs.",
            "The dialysis unit has 22 chairs.",
        );
        for (title, other) in [
            ("chairs.md", "dialysis-2026.md"),
            ("Dialysis", "Dialysis"),
            ("Dialysis unit", "The dialysis unit, ground floor"),
            ("Renal care", "Chairs"),
        ] {
            assert!(are_about_one_thing((title, old), (other, new)), "{title}");
        }
        let other = "Text of another kind that shares no words. It has 5 chairs, and much else.";
        assert!(!are_about_one_thing(("Renal care", old), ("Chairs", other)));
        assert!(!are_about_one_thing(("a.md", old), ("b.md", other)));
    }
}
