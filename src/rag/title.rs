//! How well the title of a document fits a question.

use crate::persistence::indexing::{BM25_B, BM25_K1};

/// The length of a usual title in terms. Titles are no part of the statistics of BM25.
const USUAL_TERMS: f64 = 8.0;

/// A term of a title.
#[derive(Clone, Copy, Debug)]
pub struct TitleTerm {
    /// How often the title has it.
    pub count: f64,
    /// The idf among the chunks.
    pub idf: f64,
    /// Whether the question has it.
    pub asked: bool,
}

/// How well a title fits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TitleFit {
    /// BM25 of the title as a field of its own, unbounded.
    pub score: f32,
    /// The share of the title's terms that the question has, weighed by idf, 0 to 1.
    pub share: f32,
}

impl TitleFit {
    #[expect(clippy::cast_possible_truncation, reason = "a score needs no more")]
    pub fn of(terms: impl Iterator<Item = TitleTerm> + Clone) -> Self {
        let length: f64 = terms.clone().map(|term| term.count).sum();
        let normal = BM25_K1 * (1.0 - BM25_B + BM25_B * length / USUAL_TERMS);
        let (mut score, mut asked, mut all) = (0.0, 0.0, 0.0);
        for TitleTerm {
            count,
            idf,
            asked: is_asked,
        } in terms
        {
            all += idf;
            if is_asked {
                asked += idf;
                score += idf * count * (BM25_K1 + 1.0) / (count + normal);
            }
        }
        let share = if all > 0.0 { asked / all } else { 0.0 };
        Self {
            score: score as f32,
            share: share as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_fits_by_its_rare_terms() {
        let fit = |terms: &[(f64, bool)]| {
            TitleFit::of(terms.iter().map(|(idf, asked)| TitleTerm {
                count: 1.0,
                idf: *idf,
                asked: *asked,
            }))
        };
        let (rare, common) = (
            fit(&[(6.0, true), (2.0, false)]),
            fit(&[(6.0, false), (2.0, true)]),
        );
        assert!(rare.score > common.score);
        assert!((rare.share - 0.75).abs() < 1e-6 && (common.share - 0.25).abs() < 1e-6);
        let long = fit(&[(6.0, true), (2.0, false), (2.0, false), (2.0, false)]);
        assert!(long.score < rare.score && long.share < rare.share);
        assert_eq!(fit(&[]), TitleFit::default());
    }
}
