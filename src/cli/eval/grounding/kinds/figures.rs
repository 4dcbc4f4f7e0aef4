//! Numbers that are changed.

use super::super::edit::swap;
use super::kind::{Kind, Meaning};

pub fn kinds() -> Vec<Kind> {
    vec![
        Kind::of_sentence("number changed", Meaning::Changed, |sentence| {
            with_number(sentence, |number| {
                let value: u64 = number.parse().ok()?;
                Some((value + 1 + value / 3).to_string())
            })
        }),
        Kind::of_sentence("decimal shifted", Meaning::Changed, |sentence| {
            with_number(sentence, |number| {
                let short = number.strip_suffix('0').filter(|rest| !rest.is_empty());
                Some(short.map_or_else(|| format!("{number}0"), str::to_owned))
            })
        }),
        Kind::of_sentence("number word changed", Meaning::Changed, |sentence| {
            let words = ["two", "three", "four", "five", "six", "ten", "half", "one"];
            let others = [
                "five",
                "six",
                "two",
                "eight",
                "nine",
                "twelve",
                "a quarter",
                "three",
            ];
            let mut pairs = words.iter().zip(others);
            pairs.find_map(|(from, to)| swap(sentence, from, to))
        }),
        Kind::of_sentence("order of a pair", Meaning::Changed, swapped_pair),
        Kind::of_sentence("end of a range dropped", Meaning::Changed, |sentence| {
            let (before, low, joint, high, after) = pair(sentence)?;
            let _ = joint;
            (low != high).then(|| format!("{before}{low}{after}"))
        }),
    ]
}

/// Replaces the first number.
fn with_number(sentence: &str, other: impl Fn(&str) -> Option<String>) -> Option<String> {
    let start = sentence.find(|c: char| c.is_ascii_digit())?;
    let before = sentence.get(..start)?;
    // "B12" is a name.
    if before.ends_with(char::is_alphanumeric) {
        return None;
    }
    let rest = sentence.get(start..)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    Some(format!("{before}{}{after}", other(number)?))
}

fn swapped_pair(sentence: &str) -> Option<String> {
    let (before, low, joint, high, after) = pair(sentence)?;
    (low != high).then(|| format!("{before}{high}{joint}{low}{after}"))
}

/// Finds two numbers with "to", "and" or a dash between them.
fn pair(sentence: &str) -> Option<(&str, &str, &str, &str, &str)> {
    [" to ", " and ", "-", " or "]
        .into_iter()
        .find_map(|joint| {
            let is_figure = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
            sentence.match_indices(joint).find_map(|(at, _)| {
                let (left, right) = (sentence.get(..at)?, sentence.get(at + joint.len()..)?);
                let before = left.trim_end_matches(is_figure);
                let after = right.trim_start_matches(is_figure);
                let low = left.get(before.len()..)?;
                let high = right.get(..right.len() - after.len())?;
                let (high, point) = match high.strip_suffix('.') {
                    Some(high) => (high, "."),
                    None => (high, ""),
                };
                let _ = point;
                let after = right.get(high.len()..)?;
                (!low.is_empty() && !high.is_empty()).then_some((before, low, joint, high, after))
            })
        })
}
