//! Questions inside conversations, in the layout of MTRAG-UN: `tasks.jsonl` and `qrels.tsv`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ranking::{Grades, read_judgments, read_lines};

/// A message of a conversation.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Said {
    /// `user` or `assistant`.
    pub role: String,
    pub content: String,
}

/// A conversation whose last message is the question.
#[derive(Deserialize)]
pub(super) struct Task {
    #[serde(rename = "_id")]
    pub id: String,
    pub turns: Vec<Said>,
    /// `answerable`, `partial`, `unanswerable` or `underspecified`.
    pub answerability: String,
    #[serde(default)]
    pub follow_up: bool,
    /// The passages that answer.
    #[serde(skip)]
    pub grades: Grades,
}

impl Task {
    /// Whether the documents answer at least a part of the question.
    pub fn is_answerable(&self) -> bool {
        matches!(self.answerability.as_str(), "answerable" | "partial")
    }

    /// Whether its sources are judged: an answerable question that needs the messages before it.
    pub fn is_judged(&self) -> bool {
        self.follow_up && self.is_answerable() && !self.grades.is_empty()
    }

    /// The last messages of the person, the question last.
    pub fn asked(&self, messages: usize) -> String {
        let own = self.turns.iter().filter(|said| said.role == "user");
        let own: Vec<&str> = own.map(|said| said.content.as_str()).collect();
        let from = own.len().saturating_sub(messages);
        own.get(from..).unwrap_or_default().join("\n")
    }
}

/// Whether the folder has this layout.
pub(super) fn are_in(folder: &Path) -> bool {
    folder.join("tasks.jsonl").exists()
}

/// Reads the tasks of a folder with their judgments.
pub(super) fn read_tasks(folder: &Path) -> anyhow::Result<Vec<Task>> {
    let mut judgments = read_judgments(&folder.join("qrels.tsv"))?;
    let mut tasks: Vec<Task> = read_lines(&folder.join("tasks.jsonl"))?;
    for task in &mut tasks {
        task.grades = judgments.remove(&task.id).unwrap_or_default();
    }
    Ok(tasks)
}

#[cfg(test)]
pub(super) fn task(answerability: &str, said: &[&str]) -> Task {
    let turns = said.iter().zip(["user", "assistant"].iter().cycle());
    let turns = turns.map(|(content, role)| Said {
        role: (*role).to_owned(),
        content: (*content).to_owned(),
    });
    Task {
        id: said.join("/"),
        turns: turns.collect(),
        answerability: answerability.to_owned(),
        follow_up: said.len() > 1,
        grades: [("a".to_owned(), 1)].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_messages_of_the_person_are_asked() {
        let task = task("partial", &["Who?", "Me.", "When?", "Now.", "Why?"]);
        assert_eq!(task.asked(1), "Why?");
        assert_eq!(task.asked(2), "When?\nWhy?");
        assert_eq!(task.asked(9), "Who?\nWhen?\nWhy?");
        assert!(task.is_judged());
        assert!(!super::task("unanswerable", &["a", "b", "c"]).is_judged());
        assert!(!super::task("answerable", &["a"]).is_judged());
    }
}
