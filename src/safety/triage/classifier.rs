//! The witness that learned from messages: linear models over words and parts of words, fitted on
//! `tests/triage` by `scripts/fit-triage`. Eight languages share one; Japanese, which came later, has
//! its own, so that it changed no judgment of the others.
//!
//! A linear model explains itself: each word's weight stands in a table. It costs well under a
//! millisecond, where a sentence embedding costs tens, and it judged the held-out messages better
//! (`docs/safety/triage.md`).

use std::sync::LazyLock;

use crate::domain::emergency::{Category, Level};
use crate::language::grams::Grams;
use crate::language::linear::{Linear, softmax};
use crate::language::script::{Counts, Script};

/// The tables of some languages.
struct Tables {
    levels: Linear,
    categories: Linear,
}

static SHARED: LazyLock<Tables> = LazyLock::new(|| Tables {
    levels: Linear::read(include_str!("levels.tsv")),
    categories: Linear::read(include_str!("categories.tsv")),
});
static JAPANESE: LazyLock<Tables> = LazyLock::new(|| Tables {
    levels: Linear::read(include_str!("levels_ja.tsv")),
    categories: Linear::read(include_str!("categories_ja.tsv")),
});

/// The least probability with which a category is named; otherwise the advice is general.
const CERTAIN: f32 = 0.6;

/// The judgment of one text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// The probability that the message must be seen today or now.
    pub flagged: f32,
    /// The probability that emergency services must be called.
    pub emergency: f32,
    pub level: Level,
    pub category: Option<Category>,
}

/// Judges a text.
pub fn judge(text: &str) -> Opinion {
    let grams = Grams::of(text);
    let tables = match Counts::of(text).main() {
        Some(Script::Kana) => &JAPANESE,
        _ => &SHARED,
    };
    let levels = &tables.levels;
    let scores = levels.scores(&grams);
    let chances = softmax(&[0.0, first(&scores), second(&scores)]);
    let emergency = chances.last().copied().unwrap_or_default();
    let flagged = 1.0 - first(&chances);
    let level = if emergency >= second(levels.thresholds()) {
        Level::Emergency
    } else if flagged >= first(levels.thresholds()) {
        Level::Urgent
    } else {
        Level::None
    };
    Opinion {
        flagged,
        emergency,
        level,
        category: (level > Level::None)
            .then(|| category(&tables.categories, &grams))
            .flatten(),
    }
}

fn category(categories: &Linear, grams: &Grams) -> Option<Category> {
    let chances = softmax(&categories.scores(grams));
    let named = categories.outputs().iter().zip(chances);
    let (name, chance) = named.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (chance >= CERTAIN).then(|| Category::parse(name)).flatten()
}

fn first(values: &[f32]) -> f32 {
    values.first().copied().unwrap_or_default()
}

fn second(values: &[f32]) -> f32 {
    values.get(1).copied().unwrap_or_default()
}
