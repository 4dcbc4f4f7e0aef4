//! The evidence gate decides whether there is enough support to answer at all. It is pure, and
//! gives its reason.
//!
//! A passage's support is its cosine similarity to the question, plus a share for the topic words
//! of the question that it holds, plus a little if it holds all of them. A similar text on another
//! topic ("the visiting hours of the zoo") lacks a word; a right one in different wording lacks
//! none. The best passage's support must reach `min_support`. If the dense leg could not answer,
//! one passage must hold most of the topic words.

use std::collections::HashSet;

use crate::domain::evidence::{Passage, RetrieveResponse};
use crate::language::subject::{Subject, count_held, words_by_title};
use crate::language::topic_words;
use crate::language::units::Extract;

/// The share added to the cosine similarity for topic words, if the passage holds them all.
const COVERAGE_WEIGHT: f32 = 0.25;
/// The extra share if none is missing.
const COMPLETE: f32 = 0.1;
/// The share of the question's topic words that one passage must hold in lexical-only mode.
const MIN_COVERAGE: f32 = 0.6;

/// The values that were compared, and the result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    pub enough: bool,
    /// `support`, or `lexical` if the dense leg could not answer.
    pub basis: &'static str,
    /// The best passage's support or coverage; 0 without a passage.
    pub best: f32,
    pub least: f32,
}

/// Returns the evidence without the passages that are not about the subject: those that name
/// another medicine, or that say whom something is for when the question asks who must not. Nothing
/// remains if the question compares things and no passage names one of them.
pub fn on_subject(question: &str, evidence: RetrieveResponse) -> RetrieveResponse {
    let subject = Subject::of(question);
    let all = evidence.results.iter();
    let words = words_by_title(all.map(|passage| (passage.title.as_str(), passage.text.as_str())));
    let none = HashSet::new();
    let is_on = |passage: &&Passage| {
        let beyond = words.get(passage.title.as_str()).unwrap_or(&none);
        subject.is_in(&extract(passage), beyond)
    };
    let mut results: Vec<Passage> = evidence.results.iter().filter(is_on).cloned().collect();
    if !subject.is_covered_by(results.iter().map(extract)) {
        results.clear();
    }
    RetrieveResponse {
        results,
        ..evidence
    }
}

fn extract(passage: &Passage) -> Extract<'_> {
    Extract {
        title: &passage.title,
        text: &passage.text,
        start: passage.start,
        context: passage.context.as_deref(),
    }
}

/// Decides whether the evidence is enough for an answer.
pub fn decide(question: &str, evidence: &RetrieveResponse, min_support: f32) -> Decision {
    let asked: HashSet<String> = topic_words(question).collect();
    let best = |score: &dyn Fn(&Passage) -> Option<f32>| {
        let scores = evidence.results.iter().filter_map(score);
        scores.max_by(f32::total_cmp)
    };
    let supported = best(&|passage| support(&asked, passage));
    let (basis, best, least) = match supported {
        None if evidence.degraded.is_some() => {
            let covered = best(&|passage| Some(coverage(&asked, passage)));
            ("lexical", covered, MIN_COVERAGE)
        }
        supported => ("support", supported, min_support),
    };
    Decision {
        // Without a passage nothing is enough, however low the threshold is.
        enough: best.is_some_and(|best| best >= least),
        basis,
        best: best.unwrap_or_default(),
        least,
    }
}

/// Returns the support; `None` if the dense leg did not find the passage.
fn support(asked: &HashSet<String>, passage: &Passage) -> Option<f32> {
    let cosine = passage.scores.dense.filter(|score| score.is_finite())?;
    let coverage = coverage(asked, passage);
    let complete = if coverage >= 1.0 { COMPLETE } else { 0.0 };
    Some(cosine + COVERAGE_WEIGHT * coverage + complete)
}

/// Returns the share of topic words in the passage, its title or a line that governs it.
fn coverage(asked: &HashSet<String>, passage: &Passage) -> f32 {
    let above = passage.context.iter().flatten();
    let held: HashSet<String> = topic_words(&passage.title)
        .chain(topic_words(&passage.text))
        .chain(above.flat_map(|line| topic_words(&line.text)))
        .collect();
    share(count_held(asked, &held), asked.len())
}

/// Returns `part / whole`, or 0 for an empty whole.
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
            context: None,
            score: 1.0,
            scores: LegScores {
                dense,
                lexical: Some(1.0),
            },
        }
    }

    fn enough(question: &str, results: Vec<Passage>, degraded: bool) -> (bool, &'static str) {
        let degraded = degraded.then(|| "dense_unavailable".to_owned());
        let decision = decide(question, &RetrieveResponse { results, degraded }, 0.6);
        (decision.enough, decision.basis)
    }

    #[test]
    fn the_best_supported_passage_decides() {
        let weak = passage("x", Some(0.2));
        let results = vec![weak.clone(), passage("x", Some(0.6))];
        assert_eq!(enough("q", results, false), (true, "support"));
        let results = vec![weak, passage("x", Some(0.59))];
        assert_eq!(enough("q", results, false), (false, "support"));
        let results = vec![passage("x", Some(f32::NAN))];
        assert_eq!(enough("q", results, false), (false, "support"));
    }

    #[test]
    fn a_missing_topic_word_costs_support() {
        let hours = passage("Visiting hours are from 2 pm.", Some(0.4));
        let asked = |question| enough(question, vec![hours.clone()], false).0;
        assert!(asked("What are the visiting hours?"));
        assert!(!asked("What are the visiting hours of the zoo?"));
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
    fn a_passage_on_another_medicine_is_no_evidence() {
        let left = |question: &str, text: &str| {
            let results = vec![passage(text, Some(0.9))];
            let evidence = RetrieveResponse {
                results,
                degraded: None,
            };
            on_subject(question, evidence).results.len()
        };
        let dose = "Adults take 20 mg of omeprazole once a day.";
        assert_eq!(left("What is the dose of omeprazole?", dose), 1);
        assert_eq!(left("What is the dose of omeprasole?", dose), 1);
        assert_eq!(left("What is the dose of famotidine?", dose), 0);
        assert_eq!(left("omeprazole or famotidine?", dose), 0);
        assert!(
            enough(
                "omeprasole for adults?",
                vec![passage(dose, Some(0.3))],
                false
            )
            .0
        );
    }

    #[test]
    fn nothing_is_never_enough() {
        assert!(!enough("q", vec![], false).0);
        assert!(!enough("q", vec![], true).0);
        assert!(!decide("q", &RetrieveResponse::default(), -1.0).enough);
    }
}
