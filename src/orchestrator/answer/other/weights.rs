//! How much each word of a question says.

use crate::language::lists::Set;
use crate::language::terms::Forms;

/// The words of a question with their weights.
pub(super) struct Weights {
    words: Vec<(Forms, f32)>,
    total: f32,
}

impl Weights {
    /// A word weighs more if fewer texts have it. One that none has weighs most: the texts are then
    /// perhaps about something else.
    pub fn of(words: &[Forms], texts: &[Set<String>]) -> Self {
        let weighed = words.iter().map(|forms| {
            let count = texts.iter().filter(|held| holds(held, forms)).count();
            let (count, all) = (float(count), float(texts.len()));
            let weight = (1.0 + (all - count + 0.5) / (count + 0.5)).ln();
            (forms.clone(), weight)
        });
        let words: Vec<(Forms, f32)> = weighed.collect();
        let total = words.iter().map(|(_, weight)| weight).sum();
        Self { words, total }
    }

    /// Returns the weighted share of the words that a text holds, 0 to 1.
    pub fn share(&self, held: &Set<String>) -> f32 {
        self.sum(|forms| if holds(held, forms) { 1.0 } else { 0.0 })
    }

    /// Returns the weighted mean of the words' values.
    pub fn sum(&self, value: impl Fn(&Forms) -> f32) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let words = self.words.iter();
        let sum: f32 = words.map(|(forms, weight)| value(forms) * weight).sum();
        sum / self.total
    }
}

/// Whether a text holds one of the forms.
pub(super) fn holds(held: &Set<String>, forms: &Forms) -> bool {
    forms.iter().any(|form| held.contains(form))
}

fn float(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
