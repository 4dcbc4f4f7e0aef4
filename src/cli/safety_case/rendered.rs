//! The content that both renderings show.

use super::case::Case;
use super::figures::Figure;
use super::results::Results;

/// Everything that is rendered.
pub(super) struct Rendered<'a> {
    pub case: &'a Case,
    pub figures: &'a [Figure],
    /// The results of a run, if one was given.
    pub results: Option<&'a Results>,
}

impl Rendered<'_> {
    /// The figures that describe the risk of a hazard.
    pub fn figures_of(&self, hazard: &str) -> impl Iterator<Item = &Figure> {
        let concerns = move |figure: &&Figure| figure.hazards.iter().any(|id| id == hazard);
        self.figures.iter().filter(concerns)
    }
}
