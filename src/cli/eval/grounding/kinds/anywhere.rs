//! Changes that need no knowledge of a language.

use super::figures;
use super::kind::{Kind, Meaning};

/// Returns the kinds for languages without rules.
pub fn kinds() -> Vec<Kind> {
    let mut kinds = figures::kinds();
    kinds.extend([
        Kind::of("verbatim", Meaning::Kept, |subject, _| {
            Some(subject.sentence.clone())
        }),
        Kind::of_sentence("word dropped", Meaning::Changed, |sentence| {
            without(sentence, 2)
        }),
        Kind::of_sentence("first word dropped", Meaning::Changed, |sentence| {
            without(sentence, 0)
        }),
        Kind::of_sentence("two words exchanged", Meaning::Changed, |sentence| {
            let mut words = pieces(sentence);
            let (one, other) = (words.len().checked_sub(2)?, 1);
            (one > other).then(|| words.swap(one, other))?;
            Some(joined(&words))
        }),
        Kind::of(
            "word of the neighbour added",
            Meaning::Changed,
            |subject, _| {
                let foreign = pieces(&subject.neighbour)
                    .into_iter()
                    .max_by_key(String::len)?;
                let mut words = pieces(&subject.sentence);
                words.insert(1.min(words.len()), foreign);
                Some(joined(&words))
            },
        ),
        Kind::of("end of the neighbour", Meaning::Changed, |subject, _| {
            let (own, other) = (pieces(&subject.sentence), pieces(&subject.neighbour));
            let own = own.get(..own.len() / 2)?;
            let other = other.get(other.len() / 2..)?;
            Some(joined(&[own, other].concat()))
        }),
    ]);
    kinds
}

fn without(sentence: &str, at: usize) -> Option<String> {
    let mut words = pieces(sentence);
    (words.len() > at + 3).then(|| words.remove(at))?;
    Some(joined(&words))
}

/// Returns the words of a sentence, or its characters where no spaces part them.
fn pieces(sentence: &str) -> Vec<String> {
    if sentence.contains(' ') {
        return sentence.split(' ').map(|word| format!("{word} ")).collect();
    }
    sentence.chars().map(String::from).collect()
}

fn joined(words: &[String]) -> String {
    words.concat().trim().to_owned()
}
