//! Judges every change of every sentence.

use super::corpus::{Place, Subject};
use super::kinds::{self, Kind};
use super::lexicon;
use super::report::Report;
use crate::orchestrator::Checker;

/// Judges every change of every sentence in languages without rules.
pub fn measure_other_languages() -> anyhow::Result<Report> {
    let languages = lexicon::other_languages()?;
    let mut report = Report::default();
    for language in languages {
        let places = [Place::of_sentences(&language.sentences)];
        let kinds: Vec<Kind> = kinds::of_other_languages()
            .into_iter()
            .map(|kind| kind.named(&language.name))
            .collect();
        judge_all(&places, &kinds, &mut report);
    }
    Ok(report)
}

/// Judges every change of every sentence of the places.
pub fn measure(places: &[Place]) -> anyhow::Result<Report> {
    let kinds = kinds::all()?;
    let mut report = Report::default();
    judge_all(places, &kinds, &mut report);
    Ok(report)
}

fn judge_all(places: &[Place], kinds: &[Kind], report: &mut Report) {
    for (at, place) in places.iter().enumerate() {
        let checker = Checker::new(&place.passages);
        let strangers = places.get((at + 1) % places.len().max(1));
        for subject in &place.subjects {
            let other = strangers.and_then(|place| place.subjects.first());
            for kind in kinds {
                judge(kind, subject, other, &checker, report);
            }
        }
    }
}

fn judge(
    kind: &Kind,
    subject: &Subject,
    other: Option<&Subject>,
    checker: &Checker,
    report: &mut Report,
) {
    let Some(changed) = kind.make(subject, other) else {
        return;
    };
    let verdict = match &changed.passage {
        Some(passage) => Checker::new(&[(String::new(), passage.clone())]).check(&changed.sentence),
        None => checker.check(&changed.sentence),
    };
    report.add(kind, subject, &changed.sentence, verdict);
}
