//! The kind of answer that a question asks for, judged by its first words.

use crate::domain::units::{Kind, Unit};

/// The form of the answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// A time, a number or a duration: "when", "how often", "how many".
    Quantity,
    /// "where".
    Place,
    /// An instruction: "how do I", "what should I do".
    Steps,
    /// A permission: "can I", "is it safe".
    Permission,
    /// "what is".
    Definition,
    /// "why".
    Reason,
    Anything,
}

/// Phrases with a space before and after each word, most specific first.
const ASKED: [(Wanted, &[&str]); 6] = [
    (
        Wanted::Steps,
        &[
            " how to ",
            " how do i ",
            " how do we ",
            " how can i ",
            " how should i ",
            " what should i do ",
            " what do i do ",
            " what can i do ",
            " what to do ",
            " what now ",
        ],
    ),
    (
        Wanted::Quantity,
        &[
            " when ",
            " what time ",
            " what times ",
            " times ",
            " how long ",
            " how often ",
            " how many ",
            " how much ",
            " how soon ",
            " how early ",
            " how late ",
        ],
    ),
    (Wanted::Place, &[" where "]),
    (Wanted::Reason, &[" why "]),
    (
        Wanted::Permission,
        &[
            " can i ",
            " may i ",
            " should i ",
            " do i ",
            " is it ",
            " allowed ",
            " ok ",
            " safe to ",
        ],
    ),
    (
        Wanted::Definition,
        &[" what is ", " what are ", " what s ", " what does "],
    ),
];

/// Questions that begin with one of these ask for a yes or a no.
const YES_OR_NO: [&str; 11] = [
    "am", "are", "can", "could", "do", "does", "is", "may", "must", "should", "will",
];

/// Words that express a time, a number or a duration.
const TIMES: [&str; 16] = [
    "once",
    "twice",
    "daily",
    "weekly",
    "monthly",
    "yearly",
    "every",
    "before",
    "after",
    "until",
    "hours",
    "days",
    "weeks",
    "immediately",
    "same",
    "any",
];

const PLACES: [&str; 7] = ["next", "beside", "at", "in", "near", "from", "floor"];

const RULES: [&str; 15] = [
    "yes", "no", "not", "never", "may", "must", "can", "cannot", "avoid", "allowed", "unless",
    "should", "usually", "leave", "keep",
];

const REASONS: [&str; 8] = [
    "because", "helps", "so", "cause", "caused", "could", "prevent", "causes",
];

/// The form of a question or a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    wanted: Wanted,
    /// The words that decide the form.
    phrase: &'static str,
}

/// The similarity of two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    None,
    /// Both ask for the same kind of answer.
    Kind,
    /// Both ask in the same words as well.
    Phrase,
}

impl Form {
    /// Reads the form of a text.
    pub fn of(text: &str) -> Self {
        let plain = spaced(text);
        let first = plain.split_whitespace().next().unwrap_or_default();
        ASKED
            .iter()
            .flat_map(|(wanted, phrases)| phrases.iter().map(|phrase| (*wanted, *phrase)))
            .find(|(_, phrase)| plain.contains(phrase))
            .or_else(|| {
                YES_OR_NO
                    .contains(&first)
                    .then_some((Wanted::Permission, ""))
            })
            .map_or(
                Self {
                    wanted: Wanted::Anything,
                    phrase: "",
                },
                |(wanted, phrase)| Self { wanted, phrase },
            )
    }

    pub fn likeness(&self, other: &Self) -> Likeness {
        if self.wanted == Wanted::Anything || self.wanted != other.wanted {
            Likeness::None
        } else if self.phrase == other.phrase {
            Likeness::Phrase
        } else {
            Likeness::Kind
        }
    }

    /// Whether the unit has the form of the answer.
    pub fn is_met_by(&self, unit: &Unit) -> bool {
        let plain = spaced(&unit.text);
        let has = |words: &[&str]| plain.split(' ').any(|word| words.contains(&word));
        match self.wanted {
            Wanted::Quantity => {
                let body = unit.text.trim_start_matches(|c: char| c.is_ascii_digit());
                body.contains(|c: char| c.is_ascii_digit()) || has(&TIMES)
            }
            Wanted::Place => has(&PLACES),
            Wanted::Steps => unit.kind == Kind::Item,
            Wanted::Permission => has(&RULES),
            Wanted::Definition => plain.contains(" is ") || plain.contains(" are "),
            Wanted::Reason => has(&REASONS),
            Wanted::Anything => false,
        }
    }
}

/// Returns lower-case words, each between spaces.
pub(super) fn spaced(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_tell_what_they_want() {
        for (question, wanted) in [
            ("When are visiting hours?", Wanted::Quantity),
            ("What should I do if I fall?", Wanted::Steps),
            ("where do I park", Wanted::Place),
            ("Can I eat before my operation?", Wanted::Permission),
            ("What's HbA1c?", Wanted::Definition),
            ("needlestick", Wanted::Anything),
        ] {
            assert_eq!(Form::of(question).wanted, wanted, "{question}");
        }
    }
}
