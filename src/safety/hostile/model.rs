//! The fitted model: the sum of the weights of a text's features.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::features::{Read, features};
use super::finding::Kind;

/// The reviewable weights, one feature a line; `chatbot eval hostile --dataset tests/hostile/fit.tsv
/// --fit src/safety/hostile/weights.tsv` writes them.
pub(super) const WEIGHTS: &str = include_str!("weights.tsv");

/// The heads of the model, in the order of the columns.
pub(super) const HEADS: [Kind; 2] = [Kind::Instruction, Kind::ForeignContact];

/// The weights of every feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    pub(super) bias: [f32; 2],
    pub(super) of: HashMap<String, [f32; 2]>,
}

static FITTED: LazyLock<Weights> = LazyLock::new(|| Weights::read(WEIGHTS));

/// Returns the weights of the product.
pub(super) fn fitted() -> &'static Weights {
    &FITTED
}

impl Weights {
    /// Reads the lines of a file; lines of another form are skipped.
    pub fn read(text: &str) -> Self {
        let mut weights = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let name = fields.next().unwrap_or_default();
            let mut number = || fields.next().and_then(|field| field.parse().ok());
            let (Some(instruction), Some(contact)) = (number(), number()) else {
                continue;
            };
            if name == "bias" {
                weights.bias = [instruction, contact];
            } else {
                weights.of.insert(name.to_owned(), [instruction, contact]);
            }
        }
        weights
    }

    /// Returns the file's text.
    pub fn text(&self) -> String {
        let mut lines: Vec<String> = self
            .of
            .iter()
            .map(|(name, [instruction, contact])| format!("{name}\t{instruction:.3}\t{contact:.3}"))
            .collect();
        lines.sort();
        let [instruction, contact] = self.bias;
        format!(
            "# Weights of the detector of hostile text: feature, instruction, foreign contact.\n\
             # Written by `chatbot eval hostile --fit`.\n\
             bias\t{instruction:.3}\t{contact:.3}\n{}\n",
            lines.join("\n")
        )
    }

    /// Returns the log odds of each head.
    pub(super) fn score<'a>(&self, read: impl Iterator<Item = &'a Read> + Clone) -> [f32; 2] {
        let mut sum = self.bias;
        let mut seen = HashSet::new();
        features(read, |name| {
            if let Some((name, weights)) = self.of.get_key_value(name)
                && seen.insert(name.as_str())
            {
                for (sum, weight) in sum.iter_mut().zip(weights) {
                    *sum += weight;
                }
            }
        });
        sum
    }
}
