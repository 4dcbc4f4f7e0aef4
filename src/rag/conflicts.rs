//! Finds sentences of two documents that say the same with different numbers.
//!
//! Two sentences are compared if their passages are near duplicates, or their documents have the
//! same title. They say the same if neither replaces a word of the other and the longer one adds
//! few. They are in conflict if each has a number that the other lacks. The owner sees both places
//! and both numbers, so each report can be checked at a glance.

use std::collections::BTreeSet;

use crate::domain::text::slice_chars;
use crate::language::content_words;
use crate::language::sentences::sentences;
use crate::persistence::conflicts::Neighbour;
use crate::persistence::indexing::{NewChunk, NewConflict};

/// The most passages of a new version that are compared.
pub const MOST_COMPARED: usize = 256;
/// The most conflicts that are kept for a version.
const MOST_KEPT: usize = 100;
/// The least cosine at which passages of documents with the same title are compared.
pub const SAME_TITLE: f32 = 0.7;
/// The fewest words that two sentences share; "Call 111" alone says too little.
const FEWEST_SHARED: usize = 3;
/// The most words that the longer sentence adds, or a quarter if that is more.
const MOST_ADDED: usize = 2;

/// The passages of a version that can be in conflict with others: those with numbers.
pub fn comparable(chunks: &[NewChunk]) -> Vec<&NewChunk> {
    let with_numbers = |chunk: &&NewChunk| chunk.text.bytes().any(|byte| byte.is_ascii_digit());
    chunks
        .iter()
        .filter(with_numbers)
        .take(MOST_COMPARED)
        .collect()
}

/// Returns the conflicts of these passages with their neighbours. Neighbours less near than
/// `near_duplicate` count only if they belong to a document with this title.
pub fn find(
    title: &str,
    compared: &[&NewChunk],
    neighbours: &[Neighbour],
    near_duplicate: f32,
) -> Vec<NewConflict> {
    let mut found: Vec<NewConflict> = Vec::new();
    for neighbour in neighbours {
        let nth = usize::try_from(neighbour.nth - 1).unwrap_or(usize::MAX);
        let same_title = neighbour.title.trim().to_lowercase() == title.trim().to_lowercase();
        let Some(chunk) = compared
            .get(nth)
            .filter(|_| same_title || neighbour.similarity >= near_duplicate)
        else {
            continue;
        };
        for pair in pairs(&chunk.text, &neighbour.text) {
            let conflict = NewConflict {
                start: chunk.start + pair.own.start,
                end: chunk.start + pair.own.end,
                quantities: pair.own_only,
                other: neighbour.version_id,
                other_start: neighbour.start + pair.other.start,
                other_end: neighbour.start + pair.other.end,
                other_quantities: pair.other_only,
                similarity: neighbour.similarity,
            };
            // Overlapping passages find the same pair twice.
            let known = found.iter().any(|known| {
                (known.start, known.other, known.other_start)
                    == (conflict.start, conflict.other, conflict.other_start)
            });
            if !known {
                found.push(conflict);
            }
            if found.len() == MOST_KEPT {
                return found;
            }
        }
    }
    found
}

/// Two sentences that say the same with different numbers.
struct Pair {
    own: Statement,
    other: Statement,
    own_only: Vec<String>,
    other_only: Vec<String>,
}

/// A sentence with numbers, at character offsets of its passage.
#[derive(Clone)]
struct Statement {
    start: i32,
    end: i32,
    words: BTreeSet<String>,
    quantities: Vec<Quantity>,
}

/// A number, and the text that people see of it.
#[derive(Clone)]
struct Quantity {
    number: String,
    shown: String,
}

fn pairs(own: &str, other: &str) -> Vec<Pair> {
    let others = statements(other);
    let mut found = Vec::new();
    for own in statements(own) {
        for other in others.iter().filter(|other| says_the_same(&own, other)) {
            let own_only = missing(&own, other);
            let other_only = missing(other, &own);
            if !own_only.is_empty() && !other_only.is_empty() {
                found.push(Pair {
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
            let has_letters = |word: &String| !word.chars().any(|c| c.is_ascii_digit());
            (!quantities.is_empty()).then(|| Statement {
                start: offset(start),
                end: offset(end),
                words: content_words(sentence).filter(has_letters).collect(),
                quantities,
            })
        })
        .collect()
}

/// Whether neither sentence replaces a word of the other, and the longer one adds few.
fn says_the_same(one: &Statement, other: &Statement) -> bool {
    let (short, long) = if one.words.len() <= other.words.len() {
        (&one.words, &other.words)
    } else {
        (&other.words, &one.words)
    };
    let added = long.len() - short.len();
    short.len() >= FEWEST_SHARED
        && short.is_subset(long)
        && added <= (short.len() / 4).max(MOST_ADDED)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::VersionId;

    fn conflicts(own: &str, other: &str) -> Vec<(Vec<String>, Vec<String>)> {
        pairs(own, other)
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
    fn passages_are_compared_if_they_are_near_or_have_the_same_title() {
        let chunk = NewChunk {
            page: None,
            start: 100,
            end: 140,
            text: "Take 500 mg of paracetamol every 4 hours.".into(),
            context: Vec::new(),
            embedding: Vec::new(),
        };
        let neighbour = |title: &str, similarity| Neighbour {
            nth: 1,
            version_id: VersionId::new(),
            title: title.into(),
            start: 7,
            text: "Take 500 mg of paracetamol every 6 hours.".into(),
            similarity,
        };
        for (title, similarity, expected) in
            [("Other", 0.95, 1), ("Other", 0.8, 0), ("pain ", 0.8, 1)]
        {
            let neighbours = [neighbour(title, similarity), neighbour(title, similarity)];
            let found = find("Pain", &[&chunk], &neighbours[..1], 0.9);
            assert_eq!(found.len(), expected, "{title} {similarity}");
            if let Some(conflict) = found.first() {
                assert_eq!((conflict.start, conflict.other_start), (100, 7));
            }
        }
    }
}
