//! Fits the weights: logistic regression with an elastic net, by accelerated proximal gradient
//! steps. It is deterministic.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{Read, features};
use super::finding::Kind;
use super::fold::fold;
use super::model::{HEADS, Weights};
use super::pieces::pieces;

/// The number of steps.
const STEPS: usize = 1_500;
/// The strength of both penalties, per example.
const LASSO: f32 = 0.000_3;
const RIDGE: f32 = 0.000_3;
/// How much a hostile example counts; a benign one counts 1.
const HOSTILE: f32 = 3.0;
/// A feature must occur this often.
const LEAST: usize = 2;

/// A labelled text; `None` is benign.
pub struct Example {
    pub text: String,
    pub label: Option<Kind>,
}

/// Returns the names of a text's features.
fn names(text: &str) -> BTreeSet<String> {
    let read: Vec<Read> = pieces(text)
        .map(|piece| Read::new(&fold(piece.text, piece.start)))
        .collect();
    let mut names = BTreeSet::new();
    features(read.iter(), |name| {
        names.insert(name.to_owned());
    });
    names
}

/// Fits weights to examples.
pub fn fit(examples: &[Example]) -> Weights {
    let neighbours = neighbours(examples);
    let examples: Vec<&Example> = examples.iter().chain(&neighbours).collect();
    let rows: Vec<BTreeSet<String>> = examples.iter().map(|row| names(&row.text)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in rows.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    counts.retain(|_, count| *count >= LEAST);
    let numbers: BTreeMap<&str, usize> = counts.keys().copied().zip(0..).collect();
    let rows: Vec<Vec<usize>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .filter_map(|name| numbers.get(name.as_str()).copied())
                .collect()
        })
        .collect();
    let mut weights = Weights::default();
    for (head, kind) in HEADS.into_iter().enumerate() {
        let targets: Vec<bool> = examples.iter().map(|row| row.label == Some(kind)).collect();
        let counted: Vec<f32> = examples
            .iter()
            .map(|row| if row.label.is_some() { HOSTILE } else { 1.0 })
            .collect();
        let (bias, fitted) = descend(&rows, &targets, &counted, numbers.len());
        set(&mut weights.bias, head, bias);
        for (name, weight) in numbers.keys().zip(fitted) {
            if weight.abs() >= 0.0005 {
                let all = weights.of.entry((*name).to_owned()).or_default();
                set(all, head, weight);
            }
        }
    }
    // As they are written, so that a file and a fit are equal.
    Weights::read(&weights.text())
}

/// Returns pairs of benign texts, since the detector reads neighbouring sentences together.
fn neighbours(examples: &[Example]) -> Vec<Example> {
    let benign: Vec<&Example> = examples.iter().filter(|row| row.label.is_none()).collect();
    let pairs = benign.iter().zip(benign.iter().skip(1));
    pairs
        .map(|(one, next)| Example {
            text: format!("{} {}", one.text, next.text),
            label: None,
        })
        .collect()
}

fn set(all: &mut [f32; 2], head: usize, value: f32) {
    if let Some(place) = all.get_mut(head) {
        *place = value;
    }
}

/// Returns the bias and the weights.
#[expect(
    clippy::cast_precision_loss,
    reason = "a row has some hundred features"
)]
fn descend(
    rows: &[Vec<usize>],
    targets: &[bool],
    counted: &[f32],
    width: usize,
) -> (f32, Vec<f32>) {
    let total: f32 = counted.iter().sum();
    let longest = rows.iter().map(Vec::len).max().unwrap_or_default() + 1;
    // The curvature of the loss is at most a quarter of the squared length of a row.
    let mean = rows
        .iter()
        .zip(counted)
        .map(|(row, count)| (row.len() + 1) as f32 * count);
    let step = 4.0 / (mean.sum::<f32>() / total * 4.0).min(longest as f32 + 1.0);
    let (mut bias, mut weights) = (0.0_f32, vec![0.0_f32; width]);
    let (mut ahead_bias, mut ahead) = (bias, weights.clone());
    let mut momentum = 1.0_f32;
    for _ in 0..STEPS {
        let mut slope_bias = 0.0;
        let mut slopes = vec![0.0_f32; width];
        for ((row, target), count) in rows.iter().zip(targets).zip(counted) {
            let held = row.iter().filter_map(|at| ahead.get(*at));
            let score = ahead_bias + held.sum::<f32>();
            let error =
                (1.0 / (1.0 + (-score).exp()) - f32::from(u8::from(*target))) * count / total;
            slope_bias += error;
            for at in row {
                if let Some(slope) = slopes.get_mut(*at) {
                    *slope += error;
                }
            }
        }
        let next_momentum = f32::midpoint(1.0, (1.0 + 4.0 * momentum * momentum).sqrt());
        let push = (momentum - 1.0) / next_momentum;
        momentum = next_momentum;
        let next = ahead_bias - step * slope_bias;
        ahead_bias = next + push * (next - bias);
        bias = next;
        for ((weight, ahead), slope) in weights.iter_mut().zip(&mut ahead).zip(slopes) {
            let moved = *ahead - step * (slope + RIDGE * *ahead);
            let next = moved.signum() * (moved.abs() - step * LASSO).max(0.0);
            *ahead = next + push * (next - *weight);
            *weight = next;
        }
    }
    (bias, weights)
}

/// Reads a labelled set: label, language and text on each line, with `\n` for the end of a line.
/// Returns the first line of another form as the error.
pub fn examples(text: &str) -> Result<Vec<Example>, String> {
    text.lines()
        .map(|line| {
            let mut fields = line.split('\t');
            let (label, text) = (fields.next(), fields.nth(1));
            let label = match label {
                Some("benign") => None,
                Some("instruction") => Some(Kind::Instruction),
                Some("contact") => Some(Kind::ForeignContact),
                _ => return Err(line.to_owned()),
            };
            let text = text.ok_or_else(|| line.to_owned())?.replace("\\n", "\n");
            Ok(Example { text, label })
        })
        .collect()
}
