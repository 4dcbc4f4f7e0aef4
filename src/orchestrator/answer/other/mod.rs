//! Questions in languages other than English. Neither the fitted gate nor the rules of the quoted
//! answer know their words, so a passage must be in the language of the question and hold most of its
//! words, close together.

mod choose;
#[cfg(test)]
mod tests;
mod told;
mod weights;

use crate::domain::evidence::{Passage, RetrieveResponse};
use crate::language::Tongue;
use crate::language::asks::Ask;
use crate::language::lists::Set;
use crate::language::terms::terms;
use crate::language::units::{Extract, sections};
use crate::orchestrator::answer::gate::Decision;
pub(super) use choose::choose;
pub(super) use told::tongue_of;
use weights::Weights;

/// The share of the question's words that the best passage must hold, half of it in the passage with
/// its title and half in one unit with the lines above it.
const LEAST: f32 = 0.5;
/// Passages whose share is a smaller part of the best one's are left out.
const BESIDE: f32 = 0.7;
/// Decides whether the evidence is enough for a question in this language, and returns the passages
/// that may answer, the best one first, each with its share as its score.
pub(super) fn weigh(
    message: &str,
    tongue: Tongue,
    evidence: RetrieveResponse,
) -> (Decision, RetrieveResponse) {
    let ask = Ask::of(message, tongue);
    let same = |passage: &Passage| tongue_of(&passage.title, &passage.text) == Some(tongue);
    let mut results = evidence.results;
    results.retain(same);
    let held: Vec<Set<String>> = results
        .iter()
        .map(|passage| all_terms(passage, tongue))
        .collect();
    let weights = Weights::of(&ask.words, &held);
    for (passage, held) in results.iter_mut().zip(&held) {
        let whole = weights.share(held);
        let unit = best_unit(passage, &weights, tongue);
        passage.score = f32::midpoint(whole, unit);
    }
    results.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = results.first().map_or(0.0, |passage| passage.score);
    results.retain(|passage| passage.score >= (best * BESIDE).max(LEAST));
    let decision = Decision {
        enough: best >= LEAST && !ask.words.is_empty(),
        basis: "terms",
        best,
        least: LEAST,
    };
    (
        decision,
        RetrieveResponse {
            results,
            ..evidence
        },
    )
}

/// Returns the share of a message's words that a passage holds.
pub(super) fn covered(message: &str, tongue: Tongue, passage: &Passage) -> f32 {
    let ask = Ask::of(message, tongue);
    let held = all_terms(passage, tongue);
    Weights::of(&ask.words, std::slice::from_ref(&held)).share(&held)
}

fn all_terms(passage: &Passage, tongue: Tongue) -> Set<String> {
    let above = passage.context.iter().flatten();
    terms(&passage.title, tongue)
        .chain(above.flat_map(|line| terms(&line.text, tongue)))
        .chain(terms(&passage.text, tongue))
        .collect()
}

/// Returns the greatest share of the question's words in one unit with its title and the lines above.
fn best_unit(passage: &Passage, weights: &Weights, tongue: Tongue) -> f32 {
    let extract = Extract {
        title: &passage.title,
        text: &passage.text,
        start: passage.start,
        context: passage.context.as_deref(),
    };
    let title: Set<String> = terms(&passage.title, tongue).collect();
    let found = sections(&extract);
    let units = found.iter().flat_map(|section| {
        let heading = section.heading.as_str();
        section.units.iter().map(move |unit| (heading, unit))
    });
    units
        .map(|(heading, unit)| {
            let above = unit.above.iter().map(String::as_str);
            let texts = above.chain([heading, unit.text.as_str()]);
            let mut held: Set<String> = texts.flat_map(|text| terms(text, tongue)).collect();
            held.extend(title.iter().cloned());
            weights.share(&held)
        })
        .fold(0.0, f32::max)
}
