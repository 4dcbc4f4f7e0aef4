//! One ranking out of the legs of a search, and out of the forms of a question.
//!
//! Scores are fused, not ranks: each leg is stretched to 0..1 over the candidates, and weighed. On the
//! developers' sets this found more than reciprocal ranks, on long and short questions alike.

use std::collections::HashMap;

use super::RetrievalConfig;
use super::title::TitleFit;
use crate::domain::evidence::LegScores;
use crate::persistence::retrieval::Hit;

/// The share of the chunks around a chunk in its dense score. A sentence is about what the passages
/// around it are about, which matters most where a document is cut in two.
const NEAR: f32 = 0.5;
/// The weight of the share of a title that the question has, compared with the dense leg. The share
/// is absolute: passages under titles that have little to do with the question gain nothing.
const TITLE_SHARE: f32 = 0.2;
/// The weight of another form of the question, compared with the person's own words: it was made to
/// be searched.
const OTHER_FORM: f32 = 1.5;

/// The hits of each leg; `None` for a leg that could not answer.
pub struct Legs {
    /// The ids of the searched collections, if the index in memory answered.
    pub reached: Option<Vec<i32>>,
    pub dense: Option<Vec<Hit>>,
    pub lexical: Vec<Hit>,
    /// The rest that ranking needs to know of the hits.
    pub surroundings: HashMap<i64, Surroundings>,
}

/// The parts of a ranking besides the scores of the legs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// The cosine of the chunk, also if the dense leg did not return it.
    pub cosine: Option<f32>,
    /// The mean cosine of the chunk and up to two chunks on either side.
    pub near: Option<f32>,
    pub title: TitleFit,
}

/// A fused hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    pub chunk_id: i64,
    pub score: f32,
    pub legs: LegScores,
}

/// Fuses the legs of one form of a question.
pub fn fuse(legs: &Legs, config: &RetrievalConfig) -> Vec<Ranked> {
    let candidates = candidates(legs);
    let around = |hit: &Ranked| legs.surroundings.get(&hit.chunk_id).copied();
    let dense = candidates.iter().map(|hit| {
        let around = around(hit).unwrap_or_default();
        let cosine = around.cosine.or(hit.legs.dense)?;
        Some(cosine + NEAR * (around.near.unwrap_or(cosine) - cosine))
    });
    let dense = stretched(dense.collect(), None);
    // A full list says that whatever it lacks scores no more than its last.
    let is_full = i64::try_from(legs.lexical.len()).is_ok_and(|hits| hits >= config.candidates);
    let least = legs.lexical.last().filter(|_| is_full);
    let least = least.map_or(0.0, |hit| hit.score);
    let lexical = candidates.iter().map(|hit| hit.legs.lexical);
    let lexical = stretched(lexical.collect(), Some(least));
    let titles: Vec<TitleFit> = candidates
        .iter()
        .map(|hit| around(hit).unwrap_or_default().title)
        .collect();
    let title = stretched(titles.iter().map(|fit| Some(fit.score)).collect(), None);
    let scores = dense.into_iter().zip(lexical).zip(title).zip(titles);
    let ranked = candidates.into_iter().zip(scores);
    let ranked = ranked.map(|(hit, (((dense, lexical), title), fit))| Ranked {
        score: dense
            + config.lexical_weight * lexical
            + config.title_weight * title
            + TITLE_SHARE * fit.share,
        ..hit
    });
    in_order(ranked.collect())
}

/// Returns every chunk that a leg found, without a score.
fn candidates(legs: &Legs) -> Vec<Ranked> {
    let mut found: HashMap<i64, LegScores> = HashMap::new();
    for hit in legs.dense.iter().flatten() {
        found.entry(hit.chunk_id).or_default().dense = Some(hit.score);
    }
    for hit in &legs.lexical {
        found.entry(hit.chunk_id).or_default().lexical = Some(hit.score);
    }
    let found = found.into_iter().map(|(chunk_id, legs)| Ranked {
        chunk_id,
        score: 0.0,
        legs,
    });
    found.collect()
}

/// Stretches scores to 0..1, the least and the best of the candidates. Those that are missing count
/// as `missing`, or else as the least.
fn stretched(scores: Vec<Option<f32>>, missing: Option<f32>) -> Vec<f32> {
    let known = || scores.iter().flatten().copied();
    let least = known().fold(f32::INFINITY, f32::min);
    let least = missing.map_or(least, |missing| least.min(missing));
    let best = known().fold(f32::NEG_INFINITY, f32::max);
    let range = best - least;
    let scores = scores.into_iter().map(|score| {
        let score = score.or(missing).unwrap_or(least);
        if range > 0.0 {
            (score - least) / range
        } else {
            0.0
        }
    });
    scores.collect()
}

/// Joins the rankings of the forms of a question, the person's own words first. A chunk scores the
/// weighted sum of its scores, so one that a single form finds is kept; of each leg it keeps the best
/// score.
pub fn join(rankings: impl IntoIterator<Item = Vec<Ranked>>) -> Vec<Ranked> {
    let mut rankings = rankings.into_iter();
    let first = rankings.next().unwrap_or_default();
    let mut joined: HashMap<i64, Ranked> =
        first.into_iter().map(|hit| (hit.chunk_id, hit)).collect();
    for hit in rankings.flatten() {
        let hit = Ranked {
            score: hit.score * OTHER_FORM,
            ..hit
        };
        joined
            .entry(hit.chunk_id)
            .and_modify(|known| {
                known.score += hit.score;
                known.legs.dense = best(known.legs.dense, hit.legs.dense);
                known.legs.lexical = best(known.legs.lexical, hit.legs.lexical);
            })
            .or_insert(hit);
    }
    in_order(joined.into_values().collect())
}

fn best(one: Option<f32>, other: Option<f32>) -> Option<f32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn in_order(mut ranked: Vec<Ranked>) -> Vec<Ranked> {
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.chunk_id.cmp(&b.chunk_id))
    });
    ranked
}

#[cfg(test)]
mod tests;
