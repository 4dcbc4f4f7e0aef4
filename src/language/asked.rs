//! The questions of a message, without its greeting, its reasons and its thanks.

use super::lists::{Set, lower_words, spaced};
pub use super::question::Asked;
use super::sentences::sentences;
use super::subject::Subject;
use super::{spoken, topic_words};
use crate::domain::text::slice_chars;

/// The most questions of one message that are looked at, in its order.
const MOST: usize = 3;
/// A sentence with fewer topic words does not tell alone what it asks.
const TELLING: usize = 2;
/// The most words between "it" and what it points forward to: "is it always safe to".
const FORWARD: usize = 3;

/// Returns the questions of a message: the sentences that ask or, if none does, the whole message.
pub fn questions(message: &str) -> Vec<Asked> {
    let found = sentences(message);
    let said: Vec<&str> = found
        .into_iter()
        .filter_map(|(start, end)| slice_chars(message, start, end))
        .collect();
    let asking: Vec<usize> = (0..said.len())
        .filter(|at| said.get(*at).is_some_and(|sentence| asks(sentence)))
        .collect();
    if asking.is_empty() || said.len() == 1 {
        return vec![Asked {
            text: message.to_owned(),
            around: String::new(),
        }];
    }
    asking
        .into_iter()
        .take(MOST)
        .map(|at| part(&said, at))
        .collect()
}

/// Whether a message begins with a word that points back to what it does not name: "Is it free?",
/// "How do they do that?". Without the conversation, nothing tells what is asked about.
pub fn points_back(message: &str) -> bool {
    let (phrasing, questions) = (&spoken().phrasing, &spoken().questions);
    let words: Vec<String> = lower_words(message).collect();
    let tells = |word: &String| topic_words(word).next().is_some();
    let points = |word: &String| phrasing.pointing.contains(word);
    let Some(at) = words.iter().position(points) else {
        return false;
    };
    let (before, after) = words.split_at(at);
    // "This ward" names what it points to, and "is it safe to drive" points forward.
    let named = after.get(1).is_some_and(tells)
        && after
            .first()
            .is_some_and(|word| questions.demands.determining.contains(word));
    let forward = before
        .last()
        .is_some_and(|word| questions.demands.being.contains(word))
        && !after
            .get(1)
            .is_some_and(|word| questions.demands.needing.contains(word))
        && after
            .iter()
            .skip(1)
            .take(FORWARD)
            .any(|word| questions.demands.forward.contains(word));
    !before.iter().any(tells) && !named && !forward
}

/// Returns the words of a question without the phrase that only announces it: "I am looking for
/// information on".
pub fn announced(text: &str) -> String {
    let plain = spaced(text);
    let questions = &spoken().questions;
    let rest = questions.requests.after_last_in(&plain).unwrap_or(&plain);
    if topic_words(rest).nth(1).is_some() {
        rest.to_owned()
    } else {
        plain
    }
}

fn part(said: &[&str], at: usize) -> Asked {
    let sentence = said.get(at).copied().unwrap_or_default();
    let tells = topic_words(sentence).collect::<Set<_>>().len() >= TELLING;
    let points = || lower_words(sentence).any(|word| spoken().phrasing.pointing.contains(&word));
    let names = |text: &str| Subject::of(text).named().next().is_some();
    let from = if !tells || (points() && !names(sentence)) {
        let before = |is_meant: &dyn Fn(&str) -> bool| {
            let mut before = (0..at).rev();
            before.find(|at| said.get(*at).is_some_and(|text| is_meant(text)))
        };
        let telling = |text: &str| topic_words(text).nth(1).is_some();
        before(&names).or_else(|| before(&telling)).unwrap_or(at)
    } else {
        at
    };
    let is_part = |other: &usize| *other == from || *other == at;
    let joined = |keep: bool| {
        let chosen = (0..said.len()).filter(|other| is_part(other) == keep);
        let texts: Vec<&str> = chosen.filter_map(|at| said.get(at).copied()).collect();
        texts.join(" ")
    };
    Asked {
        text: joined(true),
        around: joined(false),
    }
}

/// Whether a sentence asks: it ends with a question mark, begins like a question, or asks for
/// information in other words.
fn asks(sentence: &str) -> bool {
    sentence.ends_with(['?', '？']) || is_asking(sentence)
}

/// Whether a text begins like a question, or asks for information in other words.
pub fn is_asking(text: &str) -> bool {
    let questions = &spoken().questions;
    let plain = spaced(text);
    let mut words = plain
        .split_whitespace()
        .skip_while(|word| questions.before_a_question.contains(word));
    let begins = words
        .next()
        .is_some_and(|word| questions.open.contains(word) || questions.yes_or_no.contains(word));
    begins || questions.requests.are_in(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(message: &str) -> Vec<String> {
        questions(message)
            .into_iter()
            .map(|asked| asked.text)
            .collect()
    }

    #[test]
    fn a_greeting_a_reason_and_thanks_are_no_question() {
        assert_eq!(
            texts("Hello! My mother comes on Sunday. When can I visit ward 7? Thank you."),
            ["When can I visit ward 7?"]
        );
        assert_eq!(
            texts("amoxicillin dose adults"),
            ["amoxicillin dose adults"]
        );
        assert_eq!(
            texts("I am diabetic. I would like to know how to look after my feet."),
            ["I would like to know how to look after my feet."]
        );
    }

    #[test]
    fn each_question_of_a_message_counts() {
        assert_eq!(
            texts("Where do I park at the hospital? And what does the car park cost?"),
            [
                "Where do I park at the hospital?",
                "And what does the car park cost?"
            ]
        );
    }

    #[test]
    fn a_question_that_points_back_takes_along_what_it_points_to() {
        assert_eq!(
            texts("My husband has shingles on his face. Is it contagious?"),
            ["My husband has shingles on his face. Is it contagious?"]
        );
        assert_eq!(
            texts("Her doctor says lupus. She cried all day. Can anything be done to treat it?"),
            ["Her doctor says lupus. Can anything be done to treat it?"]
        );
    }

    #[test]
    fn the_words_that_announce_a_question_are_not_asked_for() {
        let asked = announced("I am looking for information on how to prevent shingles.");
        assert_eq!(asked.trim(), "how to prevent shingles");
        assert_eq!(announced("Tell me more!").trim(), "tell me more");
        assert_eq!(announced("Where do I park?").trim(), "where do i park");
    }

    #[test]
    fn a_word_points_back_if_nothing_before_it_or_after_it_names_what_is_meant() {
        for message in [
            "Is it free?",
            "How do they do that?",
            "Do they open on Sunday?",
        ] {
            assert!(points_back(message), "{message}");
        }
        for message in [
            "I dropped my inhaler. Does it still work?",
            "Is it safe to drive after an operation?",
            "Is this ward open?",
            "Where do I park?",
        ] {
            assert!(!points_back(message), "{message}");
        }
    }
}
