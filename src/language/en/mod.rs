//! English.

mod amounts;
mod aspects;
mod claims;
mod denial;
mod lexicon;
mod names;
mod phrasing;
mod questions;
mod texts;
mod vocabulary;

use std::sync::LazyLock;

use super::interface::Language;

pub(super) static ENGLISH: LazyLock<Language> = LazyLock::new(|| {
    let words = vocabulary::words();
    Language {
        abbreviations: vocabulary::abbreviations(),
        denial: denial::denial(),
        conditions: denial::conditions(),
        questions: questions::questions(),
        names: names::names(&words),
        amounts: amounts::amounts(),
        aspects: aspects::aspects(),
        claims: claims::claims(&words),
        lexicon: lexicon::lexicon(&words),
        phrasing: phrasing::phrasing(),
        texts: texts::TEXTS,
        words,
    }
});
