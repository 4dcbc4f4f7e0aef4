//! The outcomes of a dataset, counted.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::super::ranking::{Measure, Scores};
use super::super::tasks::Task;

const MEASURE: Measure = Measure {
    depth: 5,
    relevant: 1,
};

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ending {
    Answered,
    Abstained,
    /// With a question to the person.
    AskedBack,
    /// In another way, for example as an emergency.
    Other,
}

impl Ending {
    pub fn of(status: &str) -> Self {
        match status {
            "completed" => Self::Answered,
            "abstained" => Self::Abstained,
            "clarifying" => Self::AskedBack,
            _ => Self::Other,
        }
    }
}

/// How one question ended, and the documents from which it was answered, the best one first.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub id: String,
    pub ending: Ending,
    pub sources: Vec<String>,
}

/// The questions of one answerability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Group {
    pub questions: u32,
    pub answered: u32,
    pub abstained: u32,
    pub asked_back: u32,
    pub other: u32,
}

impl Group {
    fn add(&mut self, ending: Ending) {
        self.questions += 1;
        *match ending {
            Ending::Answered => &mut self.answered,
            Ending::Abstained => &mut self.abstained,
            Ending::AskedBack => &mut self.asked_back,
            Ending::Other => &mut self.other,
        } += 1;
    }
}

/// The outcomes of a dataset.
#[derive(Serialize)]
pub(super) struct Report {
    /// The number of answerable or partly answerable follow-ups, whose sources are judged.
    pub judged: usize,
    /// The means over them; a question without an answer has no sources and scores nothing.
    pub sources: Scores,
    pub groups: BTreeMap<String, Group>,
    pub outcomes: Vec<Outcome>,
}

impl Report {
    pub fn of(tasks: &[Task], outcomes: Vec<Outcome>) -> Self {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let mut scores = Vec::new();
        for (task, outcome) in tasks.iter().zip(&outcomes) {
            let group = groups.entry(task.answerability.clone()).or_default();
            group.add(outcome.ending);
            if task.is_judged() {
                scores.push(Scores::of(&outcome.sources, &task.grades, MEASURE));
            }
        }
        Self {
            judged: scores.len(),
            sources: Scores::mean(&scores),
            groups,
            outcomes,
        }
    }

    /// Returns the tables as Markdown.
    pub fn table(&self) -> String {
        let mut text = format!(
            "sources of {} answerable follow-ups: nDCG@5 {:.3}, recall@5 {:.3}\n\n\
             | answerability | questions | answered | abstained | asked back | other |\n\
             | --- | --- | --- | --- | --- | --- |\n",
            self.judged, self.sources.ndcg, self.sources.recall
        );
        for (name, group) in &self.groups {
            let share = |part: u32| {
                let percent = 100.0 * f64::from(part) / f64::from(group.questions.max(1));
                format!("{part} ({percent:.0} %)")
            };
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} |",
                group.questions,
                share(group.answered),
                share(group.abstained),
                share(group.asked_back),
                share(group.other)
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tasks::task;
    use super::*;

    #[test]
    fn endings_are_counted_by_answerability_and_sources_over_judged_follow_ups() {
        let tasks = [
            task("answerable", &["Who?", "Me.", "When?"]),
            task("partial", &["Who?", "Me.", "Why?"]),
            task("answerable", &["Who?"]),
            task("underspecified", &["Who?", "Me.", "How?"]),
        ];
        let ends = [
            ("completed", "a"),
            ("abstained", ""),
            ("completed", "x"),
            ("clarifying", ""),
        ];
        let outcomes = tasks
            .iter()
            .zip(ends)
            .map(|(task, (status, source))| Outcome {
                id: task.id.clone(),
                ending: Ending::of(status),
                sources: vec![source.to_owned()],
            });
        let report = Report::of(&tasks, outcomes.collect());
        assert_eq!(report.judged, 2);
        assert!((report.sources.ndcg - 0.5).abs() < 1e-9);
        let text = report.table();
        assert!(text.contains("nDCG@5 0.500, recall@5 0.500"), "{text}");
        assert!(text.contains("| answerable | 2 | 2 (100 %) | 0 (0 %) | 0 (0 %) | 0 (0 %) |"));
        assert!(text.contains("| underspecified | 1 | 0 (0 %) | 0 (0 %) | 1 (100 %) |"));
    }
}
