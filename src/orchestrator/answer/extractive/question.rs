//! The kind of answer that a question asks for, judged by its first words.

use crate::language::interface::Wanted;
use crate::language::lists::{Words, spaced};
use crate::language::spoken;
use crate::language::units::{Kind, Unit};

/// The form of a question or a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::orchestrator::answer) struct Form {
    wanted: Wanted,
    /// The words that decide the form.
    phrase: &'static str,
}

/// The similarity of two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::orchestrator::answer) enum Likeness {
    None,
    /// Both ask for the same kind of answer.
    Kind,
    /// Both ask in the same words as well.
    Phrase,
}

impl Form {
    /// Reads the form of a text.
    pub fn of(text: &str) -> Self {
        let questions = &spoken().questions;
        let plain = spaced(text);
        let first = plain.split_whitespace().next().unwrap_or_default();
        let told = questions.wanted.iter().find_map(|(wanted, phrases)| {
            let phrase = phrases.first_in(&plain)?;
            Some((*wanted, phrase))
        });
        let wanted = if questions.yes_or_no.contains(first) {
            Wanted::Permission
        } else {
            Wanted::Anything
        };
        let (wanted, phrase) = told.unwrap_or((wanted, ""));
        Self { wanted, phrase }
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
        let questions = &spoken().questions;
        let has = |words: &Words| plain.split(' ').any(|word| words.contains(word));
        match self.wanted {
            Wanted::Quantity => {
                let body = unit.text.trim_start_matches(|c: char| c.is_ascii_digit());
                body.contains(|c: char| c.is_ascii_digit()) || has(&questions.times)
            }
            Wanted::Place => has(&questions.places),
            Wanted::Steps => unit.kind == Kind::Item,
            Wanted::Permission => has(&questions.rules),
            Wanted::Definition => questions.definitions.are_in(&plain),
            Wanted::Reason => has(&questions.reasons),
            Wanted::Anything => false,
        }
    }
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
