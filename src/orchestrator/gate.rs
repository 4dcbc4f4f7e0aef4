//! The evidence gate: is there enough support to answer at all? Pure, and it says why.
//!
//! The best cosine similarity must reach `min_dense_score`. When the dense leg could not answer,
//! one passage must hold most of the question's content words.

use std::collections::HashSet;

use crate::domain::evidence::RetrieveResponse;
use crate::domain::words::content_words;

/// Share of the question's content words that one passage must hold in lexical-only mode.
const MIN_COVERAGE: f32 = 0.6;

/// What was compared, and how it came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    pub enough: bool,
    /// `dense`, or `lexical` when the dense leg could not answer.
    pub basis: &'static str,
    /// The best passage's cosine similarity or coverage; 0 if there is none.
    pub best: f32,
    pub least: f32,
}

/// Whether the evidence may be answered from.
pub fn decide(question: &str, evidence: &RetrieveResponse, min_dense_score: f32) -> Decision {
    let dense = evidence
        .results
        .iter()
        .filter_map(|passage| passage.scores.dense)
        .filter(|score| score.is_finite())
        .max_by(f32::total_cmp);
    let (basis, best, least) = match dense {
        None if evidence.degraded.is_some() => {
            ("lexical", best_coverage(question, evidence), MIN_COVERAGE)
        }
        best => ("dense", best.unwrap_or_default(), min_dense_score),
    };
    Decision {
        // Without a passage nothing is enough, however low the threshold.
        enough: best >= least
            && !evidence.results.is_empty()
            && (basis == "lexical" || dense.is_some()),
        basis,
        best,
        least,
    }
}

fn best_coverage(question: &str, evidence: &RetrieveResponse) -> f32 {
    let asked: HashSet<String> = content_words(question).collect();
    evidence
        .results
        .iter()
        .map(|passage| {
            let text = format!("{} {}", passage.title, passage.text);
            let held: HashSet<String> = content_words(&text).collect();
            share(asked.intersection(&held).count(), asked.len())
        })
        .fold(0.0, f32::max)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{LegScores, Passage};
    use crate::domain::ids::{DocumentId, VersionId};

    fn passage(text: &str, dense: Option<f32>) -> Passage {
        Passage {
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            external_id: "leaflet".into(),
            collection: "public".into(),
            title: "Ward 7".into(),
            version: 1,
            page: None,
            start: 0,
            end: i32::try_from(text.chars().count()).unwrap(),
            text: text.into(),
            score: 1.0,
            scores: LegScores {
                dense,
                lexical: Some(1.0),
            },
        }
    }

    fn enough(question: &str, results: Vec<Passage>, degraded: bool) -> (bool, &'static str) {
        let degraded = degraded.then(|| "dense_unavailable".to_owned());
        let decision = decide(question, &RetrieveResponse { results, degraded }, 0.45);
        (decision.enough, decision.basis)
    }

    #[test]
    fn the_best_dense_score_decides() {
        let weak = passage("x", Some(0.2));
        assert_eq!(
            enough("q", vec![weak.clone(), passage("x", Some(0.45))], false),
            (true, "dense")
        );
        assert_eq!(
            enough("q", vec![weak, passage("x", Some(0.44))], false),
            (false, "dense")
        );
        assert_eq!(
            enough("q", vec![passage("x", Some(f32::NAN))], false),
            (false, "dense")
        );
    }

    #[test]
    fn lexical_hits_alone_are_not_enough_while_the_dense_leg_answers() {
        assert!(
            !enough(
                "visiting hours",
                vec![passage("visiting hours", None)],
                false
            )
            .0
        );
    }

    #[test]
    fn without_the_dense_leg_one_passage_must_hold_most_of_the_question() {
        let held = passage("Visiting hours are from 2 pm.", None);
        assert_eq!(
            enough("What are the visiting hours?", vec![held.clone()], true),
            (true, "lexical")
        );
        assert_eq!(
            enough("What are the parking fees?", vec![held.clone()], true),
            (false, "lexical")
        );
        assert_eq!(enough("and the?", vec![held], true), (false, "lexical"));
    }

    #[test]
    fn nothing_is_never_enough() {
        assert!(!enough("q", vec![], false).0);
        assert!(!enough("q", vec![], true).0);
        assert!(!decide("q", &RetrieveResponse::default(), -1.0).enough);
    }
}
