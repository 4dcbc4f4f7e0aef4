//! The fit of the gate's weights: a logistic regression by gradient descent, from zero and without
//! chance, so that the same dataset gives the same weights.

use std::fmt::Write;
use std::path::Path;

use super::super::super::output;
use super::asked::Asked;
use crate::domain::evidence::{Passage, RetrieveResponse};
use crate::orchestrator::offline::{Model, NAMES, Values, candidates};

/// The steps of the descent, their length and its momentum.
const STEPS: usize = 8_000;
const RATE: f64 = 0.5;
const MOMENTUM: f64 = 0.9;
/// The penalty on the square of each weight.
const PENALTY: f64 = 0.0003;
/// The weight of a question from which the passages that answer were taken away.
const WITHOUT: f64 = 0.3;

/// How often the best passage of each question is chosen anew by the weights of the round before.
const ROUNDS: usize = 4;

/// Features that may only speak against a passage, and those that may speak either way; the others
/// may only speak for it. A sign that the data gives by chance would not hold elsewhere.
const AGAINST: [&str; 5] = [
    "names_missing",
    "aspect_other",
    "demand_unmet",
    "points_back",
    "bare",
];
const EITHER: [&str; 2] = ["length", "aspect_unknown"];

/// The features that decide which passage is the best of the first round.
const FIRST: [&str; 4] = ["cosine", "coverage", "complete", "rank"];

/// A passage that was found for a question.
#[derive(Clone)]
struct Example {
    values: Values,
    answers: bool,
    weight: f64,
}

/// Fits the weights on these questions and writes them.
///
/// An answer stands on the best passage of its question, so only that one counts: the weights say
/// how probable it is that the best passage answers, and not which one is the best of several that
/// resemble each other.
pub(super) fn run(found: &[Asked<'_>], limit: usize, path: &Path) -> anyhow::Result<()> {
    let searches: Vec<Vec<Example>> = found.iter().flat_map(|asked| of(asked, limit)).collect();
    let mut model = Model::default();
    for (weight, name) in model.weights.iter_mut().zip(NAMES) {
        // The most similar one is the best of the first round.
        *weight = f32::from(u8::from(FIRST.contains(&name)));
    }
    let mut examples: Vec<Example> = Vec::new();
    for _ in 0..ROUNDS {
        let best = searches.iter().filter_map(|search| best_of(search, &model));
        examples = best.cloned().collect();
        model = descend(&examples);
    }
    std::fs::write(path, written(&model))?;
    output::line(&format!(
        "{} weights from {} searches for {} questions in {}",
        NAMES.len() + 1,
        examples.len(),
        found.len(),
        path.display()
    ))?;
    Ok(())
}

/// Returns the passages of the search for a question and, if it can be answered, those of one whose
/// passages that answer were taken away.
fn of(asked: &Asked<'_>, limit: usize) -> Vec<Vec<Example>> {
    let answers = |passage: &Passage| {
        let above = passage.context.iter().flatten();
        let lines: Vec<&str> = above.map(|line| line.text.as_str()).collect();
        let text = format!("{}\n{}", lines.join("\n"), passage.text);
        asked.question.is_answered_by(&passage.external_id, &text)
    };
    let search = |keep: &dyn Fn(&Passage) -> bool, weight: f64| -> Vec<Example> {
        let results = asked.evidence.results.iter();
        let evidence = RetrieveResponse {
            results: results
                .filter(|passage| keep(passage))
                .take(limit)
                .cloned()
                .collect(),
            ..RetrieveResponse::default()
        };
        let candidates = candidates(&asked.question.text, &evidence).into_iter();
        candidates
            .map(|(at, values)| Example {
                values,
                answers: evidence.results.get(at).is_some_and(answers),
                weight,
            })
            .collect()
    };
    let mut searches = vec![search(&|_| true, 1.0)];
    if asked.question.is_answerable() {
        searches.push(search(&|passage| !answers(passage), WITHOUT));
    }
    searches
}

fn best_of<'a>(search: &'a [Example], model: &Model) -> Option<&'a Example> {
    let likely = |example: &Example| model.probability(&example.values);
    // Among equals the first.
    let examples = search.iter().rev();
    examples.max_by(|a, b| likely(a).total_cmp(&likely(b)))
}

/// Returns the weights with the least mean loss.
fn descend(examples: &[Example]) -> Model {
    let mut weights = [0.0_f64; NAMES.len()];
    let mut bias = 0.0_f64;
    let mut speed = [0.0_f64; NAMES.len()];
    let mut bias_speed = 0.0_f64;
    let total: f64 = examples.iter().map(|example| example.weight).sum();
    for _ in 0..STEPS {
        let mut slope = weights.map(|weight| PENALTY * weight);
        let mut bias_slope = 0.0;
        for example in examples {
            let terms = weights.iter().zip(&example.values);
            let sum: f64 = terms
                .map(|(weight, value)| weight * f64::from(*value))
                .sum();
            let likely = 1.0 / (1.0 + (-(sum + bias)).exp());
            let target = if example.answers { 1.0 } else { 0.0 };
            let error = (likely - target) * example.weight / total.max(1.0);
            for (slope, value) in slope.iter_mut().zip(&example.values) {
                *slope += error * f64::from(*value);
            }
            bias_slope += error;
        }
        for (((weight, speed), slope), name) in
            weights.iter_mut().zip(&mut speed).zip(slope).zip(NAMES)
        {
            *speed = MOMENTUM * *speed - RATE * slope;
            *weight = allowed(name, *weight + *speed);
        }
        bias_speed = MOMENTUM * bias_speed - RATE * bias_slope;
        bias += bias_speed;
    }
    #[expect(clippy::cast_possible_truncation, reason = "weights are small")]
    let single = |value: f64| value as f32;
    Model {
        weights: weights.map(single),
        bias: single(bias),
    }
}

fn allowed(name: &str, weight: f64) -> f64 {
    if AGAINST.contains(&name) {
        weight.min(0.0)
    } else if EITHER.contains(&name) {
        weight
    } else {
        weight.max(0.0)
    }
}

fn written(model: &Model) -> String {
    let mut text = String::from(
        "# The weights of the evidence gate: how much each value speaks for a passage.\n\
         # `chatbot eval answers --fit` writes this file from tests/answers/calibration.\n\n",
    );
    for (name, weight) in NAMES.iter().zip(model.weights) {
        let _ = writeln!(text, "{name} = {weight:.3}");
    }
    let _ = writeln!(text, "bias = {:.3}", model.bias);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_best_passage_of_a_search_counts() {
        let example = |value: f32| {
            let mut values = Values::default();
            values[0] = value;
            Example {
                values,
                answers: false,
                weight: 1.0,
            }
        };
        let mut model = Model::default();
        model.weights[0] = 1.0;
        let search = [example(0.2), example(0.7), example(0.5)];
        let best = best_of(&search, &model).unwrap();
        assert!((best.values[0] - 0.7).abs() < 1e-6);
        assert!(best_of(&[], &model).is_none());
    }

    #[test]
    fn the_fit_finds_what_tells_the_passages_apart() {
        let example = |value: f32, answers: bool| {
            let mut values = Values::default();
            values[0] = value;
            Example {
                values,
                answers,
                weight: 1.0,
            }
        };
        let examples: Vec<Example> = (0..40)
            .map(|nth| example(if nth % 2 == 0 { 0.9 } else { 0.2 }, nth % 2 == 0))
            .collect();
        let model = descend(&examples);
        assert!(model.probability(&examples[0].values) > 0.9);
        assert!(model.probability(&examples[1].values) < 0.1);
        assert!(written(&model).contains(&format!("{} = ", NAMES[0])));
    }
}
