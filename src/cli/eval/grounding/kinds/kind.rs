//! A kind of change: its name, whether it keeps the meaning, and how it changes a sentence.

use super::super::corpus::Subject;

/// Whether a change keeps the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    Changed,
    Kept,
}

/// A changed sentence.
pub struct Changed {
    pub sentence: String,
    /// The passage to judge it against, if not the sentence's own.
    pub passage: Option<String>,
}

/// A sentence that is judged against the passages of its place.
fn changed(sentence: String) -> Changed {
    Changed {
        sentence,
        passage: None,
    }
}

type Make = Box<dyn Fn(&Subject, Option<&Subject>) -> Option<Changed>>;

/// A kind of change.
pub struct Kind {
    pub name: String,
    pub meaning: Meaning,
    pub(super) make: Make,
}

impl Kind {
    /// Makes the changed sentence; `None` if the sentence offers nothing to change. `other` is a
    /// sentence of another passage.
    pub fn make(&self, subject: &Subject, other: Option<&Subject>) -> Option<Changed> {
        (self.make)(subject, other)
    }

    /// Returns the kind under the name of a language.
    pub fn named(self, language: &str) -> Self {
        Self {
            name: format!("{language}: {}", self.name),
            ..self
        }
    }

    /// A kind that reads nothing but the sentence.
    pub(super) fn of_sentence(
        name: &str,
        meaning: Meaning,
        make: impl Fn(&str) -> Option<String> + 'static,
    ) -> Self {
        Self::of(name, meaning, move |subject, _| {
            let is_sentence = subject.row.is_none();
            is_sentence.then(|| make(&subject.sentence)).flatten()
        })
    }

    pub(super) fn of(
        name: &str,
        meaning: Meaning,
        make: impl Fn(&Subject, Option<&Subject>) -> Option<String> + 'static,
    ) -> Self {
        let make: Make = Box::new(move |subject, other| {
            let sentence = make(subject, other)?;
            (sentence != subject.sentence || meaning == Meaning::Kept).then(|| changed(sentence))
        });
        Self {
            name: name.to_owned(),
            meaning,
            make,
        }
    }
}
