//! The sides of a question that compares things.

use super::asking::compares;
use super::lexicon::{Token, is_name, tokens};
use crate::language::spoken;

/// Returns one question for each of the things that a question compares or offers; none if it names
/// no two. "Which works faster, aspirin or ibuprofen?" gives "Which works faster aspirin" and "Which
/// works faster ibuprofen". A question for a difference alone asks what each is.
pub fn sides(question: &str) -> Vec<String> {
    let tokens = tokens(question);
    let questions = &spoken().questions;
    let is_joint = |at: &usize| {
        let word = tokens.get(*at).map_or("", |token| token.lower.as_str());
        questions.or.contains(word) || questions.and.contains(word) && compares(question)
    };
    let found = (1..tokens.len()).filter(is_joint).find_map(|at| {
        let left = span_before(&tokens, at)?;
        let right = span_after(&tokens, at + 1)?;
        Some((left, right))
    });
    let Some(((left, left_end), (right, right_end))) = found else {
        return Vec::new();
    };
    let words = |from: usize, to: usize| -> Vec<&str> {
        let words = tokens.get(from..to).unwrap_or_default().iter();
        words.map(|token| token.text.as_str()).collect()
    };
    let (before, after) = (words(0, left), words(right_end, tokens.len()));
    let names = [words(left, left_end), words(right, right_end)];
    let rest: Vec<&str> = before.iter().chain(&after).copied().collect();
    let asks_more = rest.iter().any(|word| asks_for_something(word));
    let side = |name: &Vec<&str>| {
        if asks_more {
            [before.as_slice(), name.as_slice(), after.as_slice()]
                .concat()
                .join(" ")
        } else {
            format!("What is {}?", name.join(" "))
        }
    };
    names.iter().map(side).collect()
}

/// Whether a word of the rest says in which respect the things are compared.
fn asks_for_something(word: &str) -> bool {
    let lower = word.to_lowercase();
    let questions = &spoken().questions;
    crate::language::topic_words(&lower).next().is_some() && !questions.comparing.contains(&lower)
}

/// Returns the name that ends before the token at `end`, with the place it belongs to: "north house".
fn span_before(tokens: &[Token], end: usize) -> Option<(usize, usize)> {
    let named = |at: usize| belongs(tokens, at);
    let start = (0..end).rev().take_while(|at| named(*at)).last()?;
    Some((start, end))
}

/// Returns the name that begins at the token at `start`, or after an article.
fn span_after(tokens: &[Token], start: usize) -> Option<(usize, usize)> {
    let articles = &spoken().questions.articles;
    let is_article = |at: &usize| {
        let token = tokens.get(*at);
        token.is_some_and(|token| articles.contains(&token.lower))
    };
    let start = (start..tokens.len()).find(|at| !is_article(at))?;
    let last = (start..tokens.len())
        .take_while(|at| belongs(tokens, *at))
        .last()?;
    Some((start, last + 1))
}

/// Whether a token names something, or is the place that the name before it distinguishes.
fn belongs(tokens: &[Token], at: usize) -> bool {
    let is_place = || {
        let token = tokens.get(at);
        token.is_some_and(|token| spoken().names.places.contains(&token.lower))
    };
    is_name(tokens, at) || at > 0 && is_place() && is_name(tokens, at - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_has_two_sides() {
        for (question, expected) in [
            (
                "Which works faster, aspirin or ibuprofen?",
                ["Which works faster aspirin", "Which works faster ibuprofen"],
            ),
            (
                "What is the difference between aspirin and ibuprofen?",
                ["What is aspirin?", "What is ibuprofen?"],
            ),
            (
                "Do East House and West House both have parking?",
                [
                    "Do East House both have parking",
                    "Do West House both have parking",
                ],
            ),
        ] {
            assert_eq!(sides(question), expected, "{question}");
        }
    }

    #[test]
    fn other_questions_have_none() {
        for question in [
            "Can I take aspirin and ibuprofen together?",
            "Is it safe or not?",
            "When are visiting hours?",
            "Do I have to fast before or after the test?",
        ] {
            assert!(sides(question).is_empty(), "{question}");
        }
    }
}
