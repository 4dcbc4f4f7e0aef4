//! Questions with their judgments.

use std::path::Path;

use serde::Deserialize;

use crate::cli::eval::ranking::{Grades, read_judgments, read_lines};
use crate::cli::eval::tasks::{Task, are_in, read_tasks};

/// The lowest grade of an adequate document in BEIR's layout, and in that of MTRAG-UN.
const ADEQUATE: u8 = 2;
const POOLED: u8 = 1;

/// A dataset in one or two forms of its questions.
pub(super) struct Dataset {
    pub forms: Vec<Form>,
}

/// All questions in one form.
pub(super) struct Form {
    pub name: &'static str,
    pub questions: Vec<Question>,
}

/// A question and what answers it.
pub(super) struct Question {
    pub text: String,
    /// A kind of question that is counted on its own.
    pub group: String,
    /// The documents that answer.
    adequate: Vec<String>,
    any: Vec<String>,
    not: Vec<String>,
}

impl Question {
    pub fn is_answerable(&self) -> bool {
        !self.adequate.is_empty()
    }

    /// Whether an answer cites an adequate document and says what it should.
    pub fn is_right(&self, cited: &[&str], text: &str) -> bool {
        cited
            .iter()
            .any(|name| self.adequate.iter().any(|other| other == name))
            && self.says(text)
    }

    /// Whether a passage of this document answers.
    pub fn is_answered_by(&self, document: &str, text: &str) -> bool {
        self.adequate.iter().any(|name| name == document) && self.says(text)
    }

    fn says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let holds = |fact: &String| text.contains(&fact.to_lowercase());
        (self.any.is_empty() || self.any.iter().any(holds)) && !self.not.iter().any(holds)
    }
}

#[derive(Deserialize)]
struct Query {
    #[serde(rename = "_id")]
    id: String,
    text: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Clone, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    summary: String,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
}

impl Dataset {
    /// Reads a folder in either layout.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        if are_in(folder) {
            let questions = read_tasks(folder)?.into_iter().map(of_task);
            let questions = questions.collect();
            return Ok(Self {
                forms: vec![Form {
                    name: "last turn",
                    questions,
                }],
            });
        }
        let judgments = read_judgments(&folder.join("qrels/dev.tsv"))?;
        let read: Vec<Query> = read_lines(&folder.join("queries.jsonl"))?;
        let form = |name: &'static str, text: fn(&Query) -> &String| {
            let asked = read.iter().filter(|query| !text(query).is_empty());
            let questions = asked.map(|query| Question {
                text: text(query).clone(),
                group: String::new(),
                adequate: adequate(
                    judgments.get(&query.id).cloned().unwrap_or_default(),
                    ADEQUATE,
                ),
                any: query.metadata.any.clone(),
                not: query.metadata.not.clone(),
            });
            Form {
                name,
                questions: questions.collect(),
            }
        };
        let mut forms = vec![form("text", |query| &query.text)];
        let summaries = form("summary", |query| &query.metadata.summary);
        if !summaries.questions.is_empty() {
            forms.push(summaries);
        }
        Ok(Self { forms })
    }
}

/// Only answerable and partly answerable tasks have an answer, whatever was pooled.
fn of_task(mut task: Task) -> Question {
    let is_answerable = task.is_answerable();
    let adequate = if is_answerable {
        adequate(task.grades, POOLED)
    } else {
        Vec::new()
    };
    let last = task.turns.pop();
    Question {
        text: last.map(|said| said.content).unwrap_or_default(),
        group: task.answerability,
        adequate,
        any: Vec::new(),
        not: Vec::new(),
    }
}

/// Returns the documents whose grade is enough.
fn adequate(grades: Grades, least: u8) -> Vec<String> {
    let enough = grades.into_iter().filter(|(_, grade)| *grade >= least);
    enough.map(|(document, _)| document).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calibration_set_is_whole() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/calibration");
        let dataset = Dataset::read(&folder).unwrap();
        let [form] = dataset.forms.as_slice() else {
            panic!("one form");
        };
        let questions = form.questions.iter();
        let answerable = questions
            .filter(|question| question.is_answerable())
            .count();
        assert!(form.questions.len() >= 300);
        assert!(answerable >= 200 && form.questions.len() - answerable >= 100);
    }

    #[test]
    fn an_answer_must_cite_an_adequate_document_and_hold_a_fact() {
        let question = Question {
            text: "How much?".to_owned(),
            group: String::new(),
            adequate: vec!["a".to_owned()],
            any: vec!["5 MG".to_owned()],
            not: vec!["dog".to_owned()],
        };
        assert!(question.is_right(&["b", "a"], "Take 5 mg."));
        assert!(!question.is_right(&["b"], "Take 5 mg."));
        assert!(!question.is_right(&["a"], "Take 6 mg."));
        assert!(!question.is_right(&["a"], "A dog takes 5 mg."));
    }
}
