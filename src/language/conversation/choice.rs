//! The answer to a question that was asked back.

use super::cues::{Cues, joined, says};
use crate::language::digits::ascii_digit;
use crate::language::lists::Set;
use crate::language::{Tongue, content_words};

/// The most options of a question.
const MOST: usize = 4;
/// The most words of an answer that names no option by its number.
const SHORT: usize = 8;

/// A chosen option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    One(String),
    Every,
}

/// Whether a message asks for the option that was not chosen before.
pub(super) fn is_other(message: &str, tongue: Tongue) -> bool {
    let plain = joined(message, tongue);
    plain.split_whitespace().count() <= SHORT
        && Cues::of(tongue)
            .other
            .iter()
            .any(|words| says(&plain, words, tongue))
}

/// Returns a question asked back, as a text: the question, and the options with their numbers.
pub fn asked_back(question: &str, options: &[String]) -> String {
    let numbered = (1..).zip(options);
    let lines = numbered.map(|(number, option)| format!("\n{number}. {option}"));
    lines.fold(question.to_owned(), |text, line| text + &line)
}

/// Returns the options of such a text; none of another one.
pub fn options_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.trim().lines().rev() {
        let numbered = line.split_once(". ");
        let Some((number, option)) = numbered else {
            break;
        };
        if number.parse::<usize>().is_err() {
            break;
        }
        found.push(option.trim().to_owned());
    }
    found.reverse();
    if (2..=MOST).contains(&found.len()) {
        found
    } else {
        Vec::new()
    }
}

/// Returns the option that a message chooses: by number, by place, or by words that only one has.
pub(super) fn choice(message: &str, options: &[String], tongue: Tongue) -> Option<Choice> {
    let cues = Cues::of(tongue);
    let plain = joined(message, tongue);
    let words: Vec<&str> = plain.split_whitespace().collect();
    if words.is_empty() || words.len() > SHORT {
        return None;
    }
    let says = |words: &String| says(&plain, words, tongue);
    named(message, options).or_else(|| {
        let number = number_of(&words).filter(|number| *number <= options.len());
        let place = || cues.places.iter().position(|place| place.iter().any(says));
        let at = number.map(|number| number - 1).or_else(place);
        match at.and_then(|at| options.get(at)) {
            Some(option) => Some(Choice::One(option.clone())),
            None => cues.every.iter().any(says).then_some(Choice::Every),
        }
    })
}

/// The only number of the words, if it is a small one.
fn number_of(words: &[&str]) -> Option<usize> {
    let numbers = words.iter().filter_map(|word| {
        let digits: Option<String> = word.chars().map(ascii_digit).collect();
        digits?.parse().ok()
    });
    let mut numbers: Vec<usize> = numbers.collect();
    let number = numbers.pop()?;
    (numbers.is_empty() && number > 0).then_some(number)
}

/// Returns the option with the most words of the message, if no other has as many.
fn named(message: &str, options: &[String]) -> Option<Choice> {
    let said = letters(message);
    let shared = |option: &String| letters(option).intersection(&said).count();
    let counts: Vec<usize> = options.iter().map(shared).collect();
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let mut best = counts
        .iter()
        .zip(options)
        .filter(|(count, _)| **count == most);
    let (_, option) = best.next()?;
    let is_most_of_it = most * 2 >= said.len();
    (best.next().is_none() && is_most_of_it).then(|| Choice::One(option.clone()))
}

/// Returns the content words, and each character of scripts that write no spaces.
fn letters(text: &str) -> Set<String> {
    let wide = text.chars().filter(|c| *c >= '\u{3040}').map(String::from);
    let digits = |word: &String| !word.chars().all(|c| c.is_ascii_digit());
    content_words(text).filter(digits).chain(wide).collect()
}
