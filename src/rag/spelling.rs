//! A question with its misspelt words replaced, beside which the typed one is still searched.

use std::collections::HashMap;

use crate::domain::evidence::{Correction, Passage};
use crate::language::lists::lower_words;

/// The most words of a question that are compared with all words of the collections.
const MOST_COMPARED: usize = 8;

/// Returns the forms that change when their misspelt words are replaced, and the replacements.
/// `nearest` is asked for the lower-case words that are unknown.
pub(super) fn respell(
    forms: &[String],
    is_unknown: impl Fn(&str) -> bool,
    nearest: impl Fn(&str) -> Option<String>,
) -> (Vec<String>, Vec<Correction>) {
    let mut found: HashMap<String, Option<String>> = HashMap::new();
    let mut corrections = Vec::new();
    for word in forms.iter().flat_map(|form| words(form)) {
        let typed = word.to_lowercase();
        if found.contains_key(&typed) || !is_unknown(&typed) {
            continue;
        }
        if found.len() >= MOST_COMPARED {
            break;
        }
        let other = nearest(&typed);
        if let Some(meant) = other.clone() {
            let typed = word.to_owned();
            corrections.push(Correction { typed, meant });
        }
        found.insert(typed, other);
    }
    if corrections.is_empty() {
        return (Vec::new(), corrections);
    }
    let replaced = |form: &String| {
        let mut text = String::with_capacity(form.len());
        let mut end = 0;
        for word in words(form) {
            // Words are slices of the form, in order.
            let Some(at) = form.get(end..).and_then(|rest| rest.find(word)) else {
                continue;
            };
            text.push_str(form.get(end..end + at).unwrap_or_default());
            let other = found.get(&word.to_lowercase()).and_then(Option::as_deref);
            text.push_str(other.unwrap_or(word));
            end += at + word.len();
        }
        text.push_str(form.get(end..).unwrap_or_default());
        (text != *form).then_some(text)
    };
    (forms.iter().filter_map(replaced).collect(), corrections)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Keeps the corrections to words of the results: nothing else may be shown.
pub(super) fn shown(corrections: Vec<Correction>, results: &[Passage]) -> Vec<Correction> {
    let mut left = corrections;
    left.retain(|correction| {
        let contains = |text: &str| lower_words(text).any(|word| word == correction.meant);
        results
            .iter()
            .any(|passage| contains(&passage.title) || contains(&passage.text))
    });
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(word: &str) -> Option<String> {
        let known = [("ibuprofin", "ibuprofen"), ("efects", "effects")];
        let found = known.iter().find(|(typed, _)| *typed == word);
        found.map(|(_, meant)| (*meant).to_owned())
    }

    #[test]
    fn every_form_is_written_again_and_each_word_is_named_once() {
        let forms = [
            "Ibuprofin: side efects?".to_owned(),
            "children".to_owned(),
            "ibuprofin (children)".to_owned(),
        ];
        let (again, corrections) = respell(&forms, |_| true, meant);
        assert_eq!(again, ["ibuprofen: side effects?", "ibuprofen (children)"]);
        let corrections = corrections.iter().map(|word| (&*word.typed, &*word.meant));
        let expected = [("Ibuprofin", "ibuprofen"), ("efects", "effects")];
        assert_eq!(corrections.collect::<Vec<_>>(), expected);
        let (again, corrections) = respell(&forms[1..2], |_| true, meant);
        assert!(again.is_empty() && corrections.is_empty());
    }

    #[test]
    fn not_every_word_of_a_long_question_is_compared() {
        let words: Vec<String> = (0..500).map(|number| format!("word{number}")).collect();
        let looked = std::cell::Cell::new(0);
        let count = |_: &str| {
            looked.set(looked.get() + 1);
            None
        };
        respell(&[words.join(" ")], |word| word != "word7", count);
        assert_eq!(looked.get(), MOST_COMPARED);
    }
}
