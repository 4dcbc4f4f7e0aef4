//! The questions of one message.

use super::reading::{Need, Reading};
use super::resolve::resolved;
use crate::domain::text::slice_chars;
use crate::language::asked::{is_asking, questions};
use crate::language::asks::MARKS;
use crate::language::sentences::sentences;
use crate::language::subject::Subject;
use crate::language::{Tongue, spoken, topic_words};

/// The most questions of one message that are answered.
const MOST: usize = 4;

/// Returns the questions of a message, each as it reads alone; none if there are not several. One that
/// points to the question before it takes its topic along.
pub fn parts(message: &str, tongue: Tongue) -> Vec<String> {
    if tongue != Tongue::English {
        return marked(message);
    }
    let said: Vec<&str> = sentences(message)
        .into_iter()
        .filter_map(|(start, end)| slice_chars(message, start, end))
        .collect();
    let clauses: Vec<&str> = said.iter().flat_map(|sentence| clauses(sentence)).collect();
    let asks = |text: &str| text.ends_with('?') || is_asking(text);
    let asking: Vec<&str> = clauses.iter().copied().filter(|text| asks(text)).collect();
    if asking.len() < 2 {
        return Vec::new();
    }
    // A sentence that tells what it is about, and asks nothing: "I have shingles."
    let told = clauses.iter().find(|text| !asks(text) && names(text));
    let mut found: Vec<String> = Vec::new();
    for asked in asking.into_iter().take(MOST) {
        let reading = Reading::of(asked, tongue);
        let before = found.last().map(String::as_str).or(told.copied());
        let part = match (before, told) {
            (Some(before), _) if reading.need == Need::Conversation => {
                resolved(&reading, before, &[])
            }
            (_, Some(told)) if !names(asked) => {
                let whole = format!("{told} {asked}");
                let joined = questions(&whole).pop();
                joined.map_or(whole, |joined| joined.text)
            }
            _ => asked.to_owned(),
        };
        found.push(part);
    }
    found
}

fn names(text: &str) -> bool {
    Subject::of(text).is_named()
}

/// Splits a sentence before each further question word that follows an "and": "when can I visit and
/// where do I park". Both sides must tell what they ask for.
fn clauses(sentence: &str) -> Vec<&str> {
    let questions = &spoken().questions;
    let lower = sentence.to_lowercase();
    let tells = |text: &str| topic_words(text).next().is_some();
    let cut = lower.match_indices(" and ").find_map(|(at, joint)| {
        let (left, right) = (sentence.get(..at)?, sentence.get(at + joint.len()..)?);
        let first = right
            .split(|c: char| !c.is_alphanumeric())
            .next()?
            .to_lowercase();
        let opens = questions.open.contains(&first) || questions.yes_or_no.contains(&first);
        (opens && is_asking(left) && tells(left) && tells(right)).then_some((left, right))
    });
    match cut {
        Some((left, right)) => {
            let mut found = vec![left.trim_end_matches([',', ' '])];
            found.extend(clauses(right));
            found
        }
        None => vec![sentence],
    }
}

/// Returns the sentences with a question mark of their own, if there are several.
fn marked(message: &str) -> Vec<String> {
    let pieces = message.split_inclusive(MARKS);
    let asked = pieces
        .map(str::trim)
        .filter(|piece| piece.ends_with(MARKS) && piece.chars().any(char::is_alphanumeric));
    let asked: Vec<String> = asked.take(MOST).map(str::to_owned).collect();
    if asked.len() < 2 { Vec::new() } else { asked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_of_a_message_is_a_part() {
        let found = parts(
            "When can I visit ward 7 and where do I park?",
            Tongue::English,
        );
        assert_eq!(found, ["When can I visit ward 7", "where do I park?"]);
        let found = parts("Is parking free? Can I bring flowers?", Tongue::English);
        assert_eq!(found, ["Is parking free?", "Can I bring flowers?"]);
        assert_eq!(
            parts("¿Puedo visitar? ¿Hay aparcamiento?", Tongue::Spanish).len(),
            2
        );
    }

    #[test]
    fn a_part_takes_along_what_it_points_to() {
        let asked = "How much loperamide can I take? Is it safe in pregnancy?";
        let found = parts(asked, Tongue::English);
        assert_eq!(found[1], "Is loperamide safe in pregnancy");
        let found = parts(
            "I have shingles. Is it contagious? Can I work?",
            Tongue::English,
        );
        assert!(
            found.iter().all(|part| part.contains("shingles")),
            "{found:?}"
        );
    }

    #[test]
    fn one_question_has_no_parts() {
        for message in [
            "When are visiting hours?",
            "Hello. My mother is here. When can I visit her?",
            "Can I eat and drink before the test?",
            "Tell me when and where I can park",
        ] {
            assert!(parts(message, Tongue::English).is_empty(), "{message}");
        }
    }
}
