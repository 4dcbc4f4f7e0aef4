//! The kinds of changes.

mod anywhere;
mod figures;
mod frames;
mod inventions;
mod paraphrase;
mod roles;
mod structure;
mod words;

use super::corpus::Subject;
use super::edit;
use super::lexicon;

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
    make: Make,
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
    fn of_sentence(
        name: &str,
        meaning: Meaning,
        make: impl Fn(&str) -> Option<String> + 'static,
    ) -> Self {
        Self::of(name, meaning, move |subject, _| {
            let is_sentence = subject.row.is_none();
            is_sentence.then(|| make(&subject.sentence)).flatten()
        })
    }

    fn of(
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

/// Returns the kinds for languages without rules.
pub fn of_other_languages() -> Vec<Kind> {
    anywhere::kinds()
}

/// Returns every kind.
pub fn all() -> anyhow::Result<Vec<Kind>> {
    let changes = lexicon::changes()?;
    let mut kinds: Vec<Kind> = swaps(changes.swap, Meaning::Changed).collect();
    kinds.extend(changes.group.into_iter().map(words::group));
    kinds.extend(words::kinds());
    kinds.extend(figures::kinds());
    kinds.extend(inventions::kinds(changes.inventions));
    kinds.extend(frames::kinds(changes.frames.doubts));
    kinds.extend(roles::kinds());
    kinds.extend(structure::kinds());
    kinds.extend(swaps(lexicon::paraphrases()?.swap, Meaning::Kept));
    kinds.extend(paraphrase::kinds());
    Ok(kinds)
}

fn swaps(swaps: Vec<lexicon::Swap>, meaning: Meaning) -> impl Iterator<Item = Kind> {
    swaps.into_iter().map(move |swap| {
        Kind::of_sentence(&swap.kind, meaning, move |sentence| {
            let mut pairs = swap.pairs.iter();
            pairs.find_map(|(from, to)| edit::swap(sentence, from, to))
        })
    })
}
