//! Whether two words are the same, in spite of other spellings, other endings or small mistakes.

use std::borrow::Cow;

use crate::language::{content_words, spoken};

/// Shorter words are too similar to tell a mistake from another word.
const ONE_MISTAKE: usize = 5;
const TWO_MISTAKES: usize = 8;
/// The fewest letters that two forms of a word share.
const ROOT: usize = 5;

/// Whether a word of the question is a word of the text.
pub(super) fn alike(asked: &str, held: &str) -> bool {
    if !may_be_alike(asked, held) {
        return false;
    }
    let (asked, held) = (spelled(asked), spelled(held));
    let most = match asked.len().min(held.len()) {
        ..ONE_MISTAKE => 0,
        ONE_MISTAKE..TWO_MISTAKES => 1,
        _ => 2,
    };
    asked == held || one_root(&asked, &held) || is_mistake(&asked, &held, most)
}

/// Whether two words begin with the same letter, or might in another spelling; most do not, and need
/// no closer look.
fn may_be_alike(asked: &str, held: &str) -> bool {
    let first = |word: &str| word.chars().next().map(|c| c.to_ascii_lowercase());
    let is_spelled = |word: &str| !word.is_ascii() || spoken().names.spellings.begin(word);
    first(asked) == first(held) || is_spelled(asked) || is_spelled(held)
}

/// Whether `asked` is `held` with at most `most` mistakes, and is no word of its own.
pub(super) fn is_mistake(asked: &str, held: &str, most: usize) -> bool {
    asked.len().abs_diff(held.len()) <= most
        && asked.chars().next() == held.chars().next()
        && !asked.contains(|c: char| c.is_ascii_digit())
        && !is_exact(asked)
        && distance(asked, held) <= most
}

/// Whether a mistake in the word would make another word.
fn is_exact(word: &str) -> bool {
    let exact = &spoken().names.exact;
    exact.contains(word) || content_words(word).any(|word| exact.contains(&word))
}

/// Maps American and British spelling to one form.
fn spelled(word: &str) -> Cow<'static, str> {
    spoken().names.spellings.apply(word.to_lowercase())
}

fn one_root(one: &str, other: &str) -> bool {
    let forms = spoken().names.forms;
    let root: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let tail = |word: &str| word.get(root..).is_some_and(|tail| forms.contains(&tail));
    root >= ROOT && tail(one) && tail(other)
}

/// Returns the optimal string alignment distance: letters added, left out or changed, or two
/// neighbours swapped.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, a) in one.chars().enumerate() {
        let mut next = vec![row + 1];
        for (at, b) in other.iter().enumerate() {
            let cost =
                |costs: &[usize], at: usize| costs.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut fewest = (cost(&last, at + 1) + 1)
                .min(cost(&next, at) + 1)
                .min(cost(&last, at) + usize::from(a != *b));
            let swapped =
                previous == Some(*b) && at.checked_sub(1).and_then(|at| other.get(at)) == Some(&a);
            if let Some(at) = at.checked_sub(1).filter(|_| swapped) {
                fewest = fewest.min(cost(&before_last, at) + 1);
            }
            next.push(fewest);
        }
        before_last = std::mem::replace(&mut last, next);
        previous = Some(a);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_mistakes_of_a_word_are_alike_and_other_words_are_not() {
        for (one, other) in [
            ("parcetamol", "paracetamol"),
            ("warferin", "warfarin"),
            ("amoxycilin", "amoxicillin"),
            ("asthmatic", "asthma"),
            ("allergies", "allergy"),
            ("pregnant", "pregnancy"),
            ("epileptic", "epilepsy"),
            ("anemia", "anaemia"),
            ("diarrhea", "diarrhoea"),
        ] {
            assert!(alike(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("prednisone", "prednisolone"),
            ("hydrocortisone", "hydrocodone"),
            ("naproxen", "ibuprofen"),
            ("sitagliptin", "saxagliptin"),
            ("codeine", "caffeine"),
            ("dog", "dose"),
        ] {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_swap_is_one_mistake() {
        assert_eq!(distance("ibuprofen", "iburpofen"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
