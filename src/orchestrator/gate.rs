//! The evidence gate: is there enough support to answer at all?
//!
//! A simple threshold for now. The best cosine similarity must reach `min_dense_score`. When the
//! dense leg could not answer, one passage must hold most of the question's content words.

use std::collections::HashSet;

use crate::domain::evidence::RetrieveResponse;
use crate::domain::words::content_words;

/// Share of the question's content words that one passage must hold in lexical-only mode.
const MIN_COVERAGE: f32 = 0.6;

/// Whether the evidence may be answered from.
pub fn enough(question: &str, evidence: &RetrieveResponse, min_dense_score: f32) -> bool {
    if evidence.degraded.is_none() {
        return evidence
            .results
            .iter()
            .filter_map(|passage| passage.scores.dense)
            .any(|score| score >= min_dense_score);
    }
    let asked: HashSet<String> = content_words(question).collect();
    !asked.is_empty()
        && evidence.results.iter().any(|passage| {
            let text = format!("{} {}", passage.title, passage.text);
            let held: HashSet<String> = content_words(&text).collect();
            share(asked.intersection(&held).count(), asked.len()) >= MIN_COVERAGE
        })
}

/// `part / whole`, 0 for an empty whole.
pub(super) fn share(part: usize, whole: usize) -> f32 {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}
