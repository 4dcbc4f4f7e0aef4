//! The kind of statement that can answer a question.

use crate::language::lists::{Set, Words, lower_words};
use crate::language::{spoken, topic_words};

/// The kind of question, as far as it restricts the lines that may answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    /// The question asks who must not, or what to avoid; only lines that forbid or warn answer it.
    pub who_must_not: bool,
    /// The question asks how much to take or give; only lines with a quantity answer it.
    pub dose: bool,
    /// The topic words of "if …", "with …" or "while …" in a question whether something may be
    /// taken. A line without any of them does not answer it.
    pub condition: Set<String>,
    /// The question asks whether something may be taken.
    pub permission: bool,
}

impl Asking {
    pub(super) fn of(question: &str) -> Self {
        let questions = &spoken().questions;
        let words = words(question);
        let has = |any: &Words| words.iter().any(|word| any.contains(word));
        let takes = has(&questions.taking);
        Self {
            who_must_not: asks_who_must_not(&words),
            dose: has(&questions.doses)
                || takes && asks_how_much(&words)
                || has(&questions.dose_units) && has(&questions.of_figures),
            permission: takes && asks_whether(&words),
            condition: if takes && asks_whether(&words) {
                condition(&words)
            } else {
                Set::default()
            },
        }
    }
}

/// Returns lower-case words; "shouldn't" becomes "should" and "not".
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('’', "'");
    lower_words(&spoken().denial.contractions.apply(&text)).collect()
}

fn asks_how_much(words: &[String]) -> bool {
    let questions = &spoken().questions;
    let mut pairs = words.windows(2);
    pairs.any(
        |pair| matches!(pair, [how, much] if how == questions.how && questions.much.contains(much)),
    )
}

/// Accepts "who should not", "which people must avoid" and "when is it unsafe", but not "how do I
/// avoid".
fn asks_who_must_not(words: &[String]) -> bool {
    let (questions, denial) = (&spoken().questions, &spoken().denial);
    let contraindicates = |word: &String| word.starts_with(denial.contraindication);
    let asked = words
        .iter()
        .position(|word| questions.of_whom.contains(word));
    let Some(asked) = asked else {
        return words.iter().any(contraindicates);
    };
    let rest = words.get(asked + 1..).unwrap_or_default();
    // Keeps only the clause of the question: "when can I drive if I do not feel well".
    let clause = rest
        .iter()
        .position(|word| spoken().conditions.clause_ends.contains(word))
        .and_then(|end| rest.get(..end))
        .unwrap_or(rest);
    let denied = clause
        .iter()
        .position(|word| denial.exclusions.contains(word) || contraindicates(word));
    denied.is_some_and(|denied| {
        let before = clause.get(..denied).unwrap_or_default();
        let how = words.iter().any(|word| questions.of_manner.contains(word));
        // Accepts "what if I cannot come" and "what happens if", but not "what should I do to avoid
        // falls".
        let to_avoid = before.last().is_some_and(|word| word == questions.to);
        !how && !to_avoid
    })
}

fn asks_whether(words: &[String]) -> bool {
    let questions = &spoken().questions;
    let has = |any: &Words| words.iter().any(|word| any.contains(word));
    has(&questions.of_whether) && !has(&questions.open)
}

/// Returns the topic words after the first word that opens a condition.
fn condition(words: &[String]) -> Set<String> {
    let conditions = &spoken().conditions;
    let opens = |word: &String| conditions.in_questions.contains(word);
    let Some(at) = words.iter().position(opens) else {
        return Set::default();
    };
    let said: Vec<&str> = words.iter().skip(at + 1).map(String::as_str).collect();
    let before: Set<String> = words
        .iter()
        .take(at)
        .flat_map(|word| topic_words(word))
        .collect();
    topic_words(&said.join(" "))
        .filter(|word| !before.contains(word) && word != spoken().denial.not)
        .collect()
}

/// Whether the text forbids or warns.
pub(super) fn restricts(text: &str) -> bool {
    let denial = &spoken().denial;
    let words = words(text);
    words
        .iter()
        .any(|word| denial.restrictions.contains(word) || word.starts_with(denial.contraindication))
        || asks_for_advice_first(&words)
}

/// Accepts "ask a doctor first" and "speak to us first if", but not "at the first sign".
fn asks_for_advice_first(words: &[String]) -> bool {
    let conditions = &spoken().conditions;
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1);
        word == conditions.first && next.is_none_or(|next| conditions.after_first.contains(next))
    })
}

/// Whether the question compares things.
pub(super) fn compares(question: &str) -> bool {
    let comparing = &spoken().questions.comparing;
    words(question).iter().any(|word| comparing.contains(word))
}
