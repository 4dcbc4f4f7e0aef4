//! The logistic model that turns a passage's values into a probability.

use std::sync::LazyLock;

use super::features::{NAMES, Values};

/// The weights, fitted by `chatbot eval answers --fit`.
const WEIGHTS: &str = include_str!("weights.toml");

static COMPILED: LazyLock<Model> = LazyLock::new(|| Model::read(WEIGHTS));

/// A logistic regression over the features.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub weights: Values,
    pub bias: f32,
}

impl Model {
    /// Returns the model that this program carries.
    pub fn compiled() -> &'static Self {
        LazyLock::force(&COMPILED)
    }

    /// Reads lines of the form `name = value`. A feature without a line weighs nothing.
    fn read(text: &str) -> Self {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            let found = lines.find(|(key, _)| key.trim() == name);
            found
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or_default()
        };
        let mut weights = Values::default();
        for (weight, name) in weights.iter_mut().zip(NAMES) {
            *weight = value(name);
        }
        Self {
            weights,
            bias: value("bias"),
        }
    }

    /// Returns the probability that a passage with these values answers.
    pub fn probability(&self, values: &Values) -> f32 {
        let terms = self.weights.iter().zip(values);
        let sum: f32 = terms.map(|(weight, value)| weight * value).sum();
        1.0 / (1.0 + (-(sum + self.bias)).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_a_weight_for_each_feature_and_no_other_line() {
        let lines = WEIGHTS
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let keys: Vec<&str> = lines
            .map(|line| line.split_once(" = ").unwrap())
            .map(|(key, value)| {
                value.parse::<f32>().unwrap();
                key
            })
            .collect();
        let wanted: Vec<&str> = NAMES.into_iter().chain(["bias"]).collect();
        assert_eq!(keys, wanted);
    }

    #[test]
    fn a_value_with_a_positive_weight_raises_the_probability() {
        let mut model = Model::default();
        let mut values = Values::default();
        assert!((model.probability(&values) - 0.5).abs() < 1e-6);
        model.weights[0] = 2.0;
        values[0] = 1.0;
        assert!(model.probability(&values) > 0.8);
    }
}
