//! The evidence gate decides whether there is enough support to answer at all, and which passages
//! give it. It is pure, and gives its reason.
//!
//! A passage must be on the subject of a question of the message. The model of `weights.toml` then
//! estimates the probability that it answers the question, from the similarity of both, the words,
//! names and aspects that they share, whether the passage has the particular thing that is demanded,
//! and from the other passages of the search. The best passage's probability must reach
//! `min_support`. If the dense leg could not answer, one passage must hold most of the topic words.

mod features;
mod model;
mod share;

use crate::domain::evidence::{Passage, RetrieveResponse};
use crate::language::asked::{Asked, points_back, questions};
use crate::language::lists::Set;
use crate::language::subject::{Subject, count_held, words_by_title};
use crate::language::topic_words;
use crate::language::units::{Extract, Section, sections};
use features::{Field, Reading};
pub use features::{NAMES, Values};
pub use model::Model;
use share::share;

/// The share of the question's topic words that one passage must hold in lexical-only mode.
const MIN_COVERAGE: f32 = 0.6;
/// Passages of other documents whose probability is a smaller share of the best one's, or below the
/// threshold, are left out.
const BESIDE: f32 = 0.5;

/// The values that were compared, and the result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    pub enough: bool,
    /// `support`, or `lexical` if the dense leg could not answer.
    pub basis: &'static str,
    /// The best passage's probability or coverage; 0 without a passage.
    pub best: f32,
    pub least: f32,
}

/// A passage on the subject of a question, and its values.
pub struct Candidate {
    /// The place of the passage in the evidence.
    pub at: usize,
    pub values: Values,
    coverage: f32,
}

/// Returns the passages on the subject of a question of the message, each once for every question:
/// not those that name another medicine, or that say whom something is for when the question asks
/// who must not. There is none if the question compares things and no passage names one of them.
pub fn candidates(message: &str, evidence: &RetrieveResponse) -> Vec<Candidate> {
    let passages = evidence.results.as_slice();
    let field = Field::of(passages);
    let read: Vec<Vec<Section>> = passages
        .iter()
        .map(|passage| sections(&extract(passage)))
        .collect();
    let texts = passages.iter();
    let words =
        words_by_title(texts.map(|passage| (passage.title.as_str(), passage.text.as_str())));
    let none = Set::default();
    let points_back = points_back(message);
    let mut found = Vec::new();
    for asked in questions(message) {
        let subject = Subject::of_asked(&asked);
        if !subject.is_covered_by(passages.iter().map(extract)) {
            continue;
        }
        let reading = Reading::of(&asked, &subject, points_back);
        let may = |section: &Section, at: usize| {
            let beyond = words.get(section.title.as_str()).unwrap_or(&none);
            subject.is_met(section, at, beyond)
        };
        // A list of who must not says more than a warning in passing.
        let forbids = |section: &Section, at: usize| {
            let unit = section.units.get(at);
            unit.is_some_and(Subject::is_forbidden_above) && may(section, at)
        };
        let is_strict = subject.asks_who_must_not()
            && read
                .iter()
                .flatten()
                .any(|section| (0..section.units.len()).any(|at| forbids(section, at)));
        for (at, (passage, sections)) in passages.iter().zip(&read).enumerate() {
            let may = |section: &Section, at: usize| {
                if is_strict {
                    forbids(section, at)
                } else {
                    may(section, at)
                }
            };
            let values = features::values(&reading, &field, (at, passage), sections, may);
            found.extend(values.map(|values| {
                Candidate {
                    at,
                    values,
                    coverage: field
                        .held
                        .get(at)
                        .map_or(0.0, |held| coverage(&asked, held)),
                }
            }));
        }
    }
    found
}

/// Decides whether the evidence is enough for an answer, and returns the passages that may answer,
/// the most probable one first, each with its probability or coverage as its score.
pub fn weigh(
    message: &str,
    evidence: RetrieveResponse,
    min_support: f32,
) -> (Decision, RetrieveResponse) {
    let ((basis, least), ranked) = supports(message, &evidence, min_support);
    let best = ranked.first().map(|(support, _)| *support);
    let near = (best.unwrap_or_default() * BESIDE).max(least);
    let version = |at: usize| evidence.results.get(at).map(|passage| passage.version_id);
    let first = ranked.first().and_then(|(_, at)| version(*at));
    // The rest of a table may be in another passage of the document.
    let kept = ranked
        .iter()
        .filter(|(support, at)| *support >= near || version(*at) == first);
    let results: Vec<Passage> = kept
        .filter_map(|(support, at)| {
            let mut passage = evidence.results.get(*at).cloned()?;
            passage.score = *support;
            Some(passage)
        })
        .collect();
    let decision = Decision {
        // Without a passage nothing is enough, however low the threshold is.
        enough: best.is_some_and(|best| best >= least),
        basis,
        best: best.unwrap_or_default(),
        least,
    };
    (
        decision,
        RetrieveResponse {
            results,
            ..evidence
        },
    )
}

/// Returns the basis of a decision with its threshold, and the support of each passage on the subject
/// with its place in the evidence, the greatest first.
pub fn supports(
    message: &str,
    evidence: &RetrieveResponse,
    min_support: f32,
) -> ((&'static str, f32), Vec<(f32, usize)>) {
    let candidates = candidates(message, evidence);
    let has_dense = evidence
        .results
        .iter()
        .any(|passage| passage.scores.dense.is_some());
    let (basis, least) = if evidence.degraded.is_some() && !has_dense {
        ("lexical", MIN_COVERAGE)
    } else {
        ("support", min_support)
    };
    let support = |candidate: &Candidate| match basis {
        "lexical" => candidate.coverage,
        _ => Model::compiled().probability(&candidate.values),
    };
    let mut ranked: Vec<(f32, usize)> = Vec::new();
    for candidate in &candidates {
        let support = support(candidate);
        match ranked.iter_mut().find(|(_, at)| *at == candidate.at) {
            Some((known, _)) => *known = known.max(support),
            None => ranked.push((support, candidate.at)),
        }
    }
    // The sort is stable, so the first wins among equals.
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    ((basis, least), ranked)
}

/// Returns the share of a text's topic words that a passage holds, with its title and the lines that
/// govern it.
pub fn covered(text: &str, passage: &Passage) -> f32 {
    let field = Field::of(std::slice::from_ref(passage));
    let asked: Set<String> = topic_words(text).collect();
    let held = field.held.first();
    held.map_or(0.0, |held| share(count_held(&asked, held), asked.len()))
}

fn extract(passage: &Passage) -> Extract<'_> {
    Extract {
        title: &passage.title,
        text: &passage.text,
        start: passage.start,
        context: passage.context.as_deref(),
    }
}

/// Returns the share of topic words in the passage, its title or a line that governs it.
fn coverage(asked: &Asked, held: &Set<String>) -> f32 {
    let asked: Set<String> = topic_words(&asked.text).collect();
    share(count_held(&asked, held), asked.len())
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
            stated: crate::domain::document::Stated::default(),
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

    fn weighed(message: &str, results: Vec<Passage>, degraded: bool) -> (Decision, Vec<String>) {
        let degraded = degraded.then(|| "dense_unavailable".to_owned());
        let evidence = RetrieveResponse {
            results,
            degraded,
            ..RetrieveResponse::default()
        };
        let (decision, evidence) = weigh(message, evidence, 0.2);
        let texts = evidence.results.into_iter().map(|passage| passage.text);
        (decision, texts.collect())
    }

    fn enough(message: &str, results: Vec<Passage>) -> bool {
        weighed(message, results, false).0.enough
    }

    const HOURS: &str = "Visiting hours\n\nVisiting hours are from 2 pm.";

    #[test]
    fn a_missing_topic_word_costs_support() {
        let asked = |question| {
            weighed(question, vec![passage(HOURS, Some(0.6))], false)
                .0
                .best
        };
        let right = asked("What are the visiting hours?");
        assert!(right > asked("What are the visiting hours of the zoo?"));
        assert!(right > asked("What is the history of visiting a ward?"));
    }

    #[test]
    fn a_greeting_a_reason_and_thanks_cost_nothing() {
        let question = "What are the visiting hours?";
        let message = format!(
            "Hello! My mother was taken in last night and I live far away. {question} Thank you."
        );
        let passages = || vec![passage(HOURS, Some(0.6))];
        assert!(enough(question, passages()));
        assert!(enough(&message, passages()));
    }

    #[test]
    fn the_passage_with_the_asked_aspect_comes_first() {
        let results = vec![
            passage("Side effects\n\nLactulose can cause wind.", Some(0.6)),
            passage("Storage\n\nKeep lactulose below 25 degrees.", Some(0.58)),
        ];
        let (_, texts) = weighed("How do I store lactulose?", results, false);
        assert!(texts.first().unwrap().starts_with("Storage"));
    }

    #[test]
    fn without_the_dense_leg_one_passage_must_hold_most_of_the_question() {
        let asked = |question: &str| {
            let (decision, _) = weighed(question, vec![passage(HOURS, None)], true);
            assert_eq!(decision.basis, "lexical");
            decision.enough
        };
        assert!(asked("What are the visiting hours?"));
        assert!(!asked("What are the parking fees?"));
        assert!(!asked("and the?"));
    }

    #[test]
    fn a_passage_on_another_medicine_is_no_evidence() {
        let left = |question: &str, text: &str| {
            weighed(question, vec![passage(text, Some(0.9))], false)
                .1
                .len()
        };
        let dose = "Adults take 20 mg of omeprazole once a day.";
        assert_eq!(left("What is the dose of omeprazole?", dose), 1);
        assert_eq!(left("What is the dose of omeprasole?", dose), 1);
        assert_eq!(left("What is the dose of famotidine?", dose), 0);
        assert_eq!(left("omeprazole or famotidine?", dose), 0);
        assert_eq!(
            left("My nan takes it. What is the dose of famotidine?", dose),
            0
        );
    }

    #[test]
    fn nothing_is_never_enough() {
        assert!(!enough("q", vec![]));
        let (decision, _) = weigh("q", RetrieveResponse::default(), -1.0);
        assert!(!decision.enough);
    }
}
