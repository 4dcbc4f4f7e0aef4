//! A linear model over [`Grams`], read from a table that people can review: one feature a line, one
//! column of weights for each output.

use super::grams::{Grams, Kind};
use crate::language::lists::Table;

/// The scale of a text's feature vector, as it was fitted.
const SCALE: f32 = 5.0;
/// The first character of a line whose feature is a part of a word; `_` stands for a space there.
const PART: char = '~';

/// The model. Scores are logarithms of odds, up to a constant that all outputs share.
pub struct Linear {
    outputs: Vec<&'static str>,
    bias: Vec<f32>,
    thresholds: Vec<f32>,
    /// The row of each feature, by its hash.
    rows: Table<u64, usize>,
    /// The weights, row by row.
    weights: Vec<f32>,
}

impl Linear {
    /// Reads a table: `outputs` and the names, `bias` and one number for each, perhaps
    /// `threshold` likewise, then the features. An empty field is 0; a line that begins with `#` is a comment. A line that cannot be read
    /// is left out; a test reads every table in full.
    pub fn read(table: &'static str) -> Self {
        let mut model = Self {
            outputs: Vec::new(),
            bias: Vec::new(),
            thresholds: Vec::new(),
            rows: Table::default(),
            weights: Vec::new(),
        };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (name, rest) = (fields.next().unwrap_or_default(), fields);
            match name {
                "outputs" => model.outputs = rest.collect(),
                "bias" => model.bias = rest.map(number).collect(),
                "threshold" => model.thresholds = rest.map(number).collect(),
                feature => {
                    model.rows.insert(hash_of_line(feature), model.rows.len());
                    let width = model.outputs.len();
                    let row = rest.map(number).chain(std::iter::repeat(0.0));
                    model.weights.extend(row.take(width));
                }
            }
        }
        model
    }

    /// The names of the outputs, in the order of the scores.
    pub fn outputs(&self) -> &[&'static str] {
        &self.outputs
    }

    /// The thresholds that were fitted along with the weights, one for each output.
    pub fn thresholds(&self) -> &[f32] {
        &self.thresholds
    }

    /// Returns the score of each output.
    pub fn scores(&self, grams: &Grams) -> Vec<f32> {
        let mut scores = self.bias.clone();
        for kind in [Kind::Words, Kind::Part] {
            for (hash, value) in values(grams, kind) {
                for (score, weight) in scores.iter_mut().zip(self.row(hash)) {
                    *score += weight * value;
                }
            }
        }
        scores
    }

    /// Returns the weights of a feature; none if the model does not know it.
    fn row(&self, hash: u64) -> &[f32] {
        let width = self.outputs.len();
        let start = self.rows.get(&hash).map(|row| row * width);
        start
            .and_then(|start| self.weights.get(start..start + width))
            .unwrap_or_default()
    }
}

/// Returns the features of a text as a table names them, with their values: for fitting.
pub fn named_values(text: &str) -> Vec<(String, f32)> {
    let grams = Grams::of(text);
    let mut found = Vec::new();
    for kind in [Kind::Words, Kind::Part] {
        let mut names = Table::default();
        grams.each(kind, |gram| {
            names.entry(hash(kind, gram)).or_insert_with(|| match kind {
                Kind::Words => gram.to_owned(),
                Kind::Part => format!("{PART}{}", gram.replace(' ', "_")),
            });
        });
        for (hash, value) in values(&grams, kind) {
            found.extend(names.remove(&hash).map(|name| (name, value)));
        }
    }
    found
}

/// Returns the hash and the value of each feature of one kind, in the order of the hashes: a score
/// is the same on every machine. Features that occur more often count more, and a long text has
/// no louder voice than a short one.
fn values(grams: &Grams, kind: Kind) -> Vec<(u64, f32)> {
    let mut hashes = Vec::new();
    grams.each(kind, |gram| hashes.push(hash(kind, gram)));
    hashes.sort_unstable();
    let runs = hashes.chunk_by(|a, b| a == b);
    let distinct = runs.clone().count();
    let length = SCALE * float(distinct).sqrt();
    runs.filter_map(|run| Some((*run.first()?, (1.0 + float(run.len()).ln()) / length)))
        .collect()
}

fn float(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

fn number(field: &str) -> f32 {
    field.parse().unwrap_or_default()
}

fn hash_of_line(feature: &str) -> u64 {
    match feature.strip_prefix(PART) {
        Some(part) => hash(Kind::Part, &part.replace('_', " ")),
        None => hash(Kind::Words, feature),
    }
}

/// FNV-1a: stable, and quick for a few bytes.
fn hash(kind: Kind, gram: &str) -> u64 {
    let seed = match kind {
        Kind::Words => 0xcbf2_9ce4_8422_2325,
        Kind::Part => 0x8422_2325_cbf2_9ce4,
    };
    gram.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Turns scores into probabilities.
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# A comment\noutputs\ta\tb\nbias\t0.5\t-1\nchest pain\t5\n~_ches\t\t10\n";

    #[test]
    fn a_score_is_the_bias_and_the_weights_of_the_features() {
        let model = Linear::read(TABLE);
        assert_eq!(model.outputs(), ["a", "b"]);
        assert_eq!(model.scores(&Grams::of("nothing")), [0.5, -1.0]);
        let scores = model.scores(&Grams::of("Chest pain"));
        // Three word features and a known number of parts, each once.
        assert!(
            (scores[0] - (0.5 + 1.0 / 3f32.sqrt())).abs() < 1e-6,
            "{scores:?}"
        );
        assert!(scores[1] > -1.0);
    }

    #[test]
    fn the_names_of_features_are_those_of_a_table() {
        let names: Vec<String> = named_values("Chest pain")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert!(names.contains(&"chest pain".to_owned()) && names.contains(&"~_ches".to_owned()));
        let model = Linear::read(TABLE);
        let known = names
            .iter()
            .filter(|name| model.rows.contains_key(&hash_of_line(name)));
        assert_eq!(known.count(), 2);
    }

    #[test]
    fn a_part_of_a_word_is_no_word() {
        assert_ne!(hash(Kind::Part, "ches"), hash(Kind::Words, "ches"));
    }
}
