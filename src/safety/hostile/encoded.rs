//! Hostile text in disguise: encoded, reversed, spelled letter by letter, or with digits for
//! letters. A text in disguise is only a finding if it reads as an instruction without it.

mod codes;
mod disguise;
#[cfg(test)]
mod tests;

use super::features::Read;
use super::fold::{Placed, fold};
use super::model::Weights;
use super::pieces::pieces;
use super::written::judge;

/// The most layers of encoding that are removed.
const MAX_DEPTH: usize = 2;
/// A reading is one of several, so it must be surer than the text itself.
const SURER: f32 = 1.0;

/// Returns the offsets of the runs that decode to an instruction.
pub(super) fn runs(text: &str, weights: &Weights) -> impl Iterator<Item = (usize, usize)> {
    codes::runs(text)
        .filter(|run| run.texts.iter().any(|text| is_hostile(text, weights, 1)))
        .map(|run| (run.start, run.end))
}

/// Whether a sentence gives an instruction if it is read in another way.
pub(super) fn is_disguised(text: &[Placed], weights: &Weights) -> bool {
    disguise::readings(text)
        .any(|reading| judge(SURER, std::iter::once(&reading), weights).is_some())
}

/// Whether a decoded text gives an instruction.
fn is_hostile(text: &str, weights: &Weights, depth: usize) -> bool {
    let hidden = pieces(text).any(|piece| {
        let folded = fold(piece.text, piece.start);
        let open = Read::new(&folded);
        judge(0.0, std::iter::once(&open), weights).is_some() || is_disguised(&folded, weights)
    });
    let deeper = || {
        let mut inner = codes::runs(text).flat_map(|run| run.texts);
        depth < MAX_DEPTH && inner.any(|text| is_hostile(&text, weights, depth + 1))
    };
    hidden || deeper()
}
