//! The kinds of changes.

mod anywhere;
mod figures;
mod frames;
mod inventions;
mod kind;
mod paraphrase;
mod roles;
mod structure;
mod words;

use super::edit;
use super::lexicon;
pub use kind::{Kind, Meaning};

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
