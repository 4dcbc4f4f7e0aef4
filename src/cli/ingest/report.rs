//! The outcome of every document, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::client::text;
use crate::cli::output;

/// The outcome of a document, or of another thing at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is searchable.
    Indexed,
    /// It waits for approval by a second person.
    Draft,
    /// The server has it already.
    Unchanged,
    /// It looks hostile.
    Quarantined,
    Failed,
    /// It is no document that can be read.
    Skipped,
    /// It is uploaded, and nobody has waited until it was read.
    Received,
    /// A dry run would upload it.
    New,
    /// The source has it no longer, but it is still on the server.
    Missing,
    /// It was deleted, because the source has it no longer.
    Removed,
}

/// The outcome of one document.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The path, the address or the key of the document.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Entry {
    pub fn new(name: impl Into<String>, external_id: Option<String>, outcome: Outcome) -> Self {
        Self {
            name: name.into(),
            external_id,
            outcome,
            reason: None,
            warnings: Vec::new(),
        }
    }

    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The outcome of a document that is no longer being read, by the server's view.
    pub fn of(name: String, view: &Value) -> Self {
        let outcome = match text(view, "version_status").as_str() {
            "failed" => Outcome::Failed,
            "quarantined" => Outcome::Quarantined,
            "draft" => Outcome::Draft,
            "received" => Outcome::Received,
            _ => Outcome::Indexed,
        };
        let warnings = view.get("warnings").and_then(Value::as_array);
        let warnings = warnings.into_iter().flatten().filter_map(Value::as_str);
        let mut entry = Self::new(name, Some(text(view, "external_id")), outcome);
        entry.reason = view
            .get("reason")
            .and_then(Value::as_str)
            .map(str::to_owned);
        entry.warnings = warnings.map(str::to_owned).collect();
        entry
    }

    /// The id if there is one, or the name.
    fn label(&self) -> &str {
        self.external_id.as_deref().unwrap_or(&self.name)
    }
}

/// The outcomes of a run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub documents: Vec<Entry>,
    /// Whether a signal ended the run.
    pub interrupted: bool,
    /// The reason for which the run ended early.
    pub error: Option<String>,
    /// The reason for which nothing was removed, although that was asked for.
    pub not_removed: Option<String>,
}

impl Report {
    pub fn add(&mut self, entry: Entry) {
        self.documents.push(entry);
    }

    pub fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Entry> {
        let all = self.documents.iter();
        all.filter(move |entry| entry.outcome == outcome)
    }

    pub fn count(&self, outcome: Outcome) -> usize {
        self.with(outcome).count()
    }

    /// Whether every document has arrived, and what was to be removed is removed.
    pub fn is_good(&self) -> bool {
        self.count(Outcome::Failed) == 0
            && self.count(Outcome::Quarantined) == 0
            && self.error.is_none()
            && self.not_removed.is_none()
    }

    /// Prints one JSON document.
    pub fn print_json(&self) -> anyhow::Result<()> {
        let mut json = serde_json::to_value(self)?;
        let mut counts = serde_json::Map::new();
        for entry in &self.documents {
            let name = serde_json::to_value(entry.outcome)?;
            let count = counts
                .entry(name.as_str().unwrap_or_default())
                .or_insert(0.into());
            *count = (count.as_u64().unwrap_or(0) + 1).into();
        }
        if let Some(json) = json.as_object_mut() {
            json.insert("counts".to_owned(), counts.into());
        }
        Ok(output::line(&json.to_string())?)
    }

    /// Prints the counts, and then every document that needs a person's attention.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut counts = format!(
            "{} indexed, {} unchanged, {} failed",
            self.count(Outcome::Indexed),
            self.count(Outcome::Unchanged),
            self.count(Outcome::Failed)
        );
        for (outcome, word) in [
            (Outcome::Skipped, "skipped"),
            (Outcome::New, "to upload"),
            (Outcome::Removed, "removed"),
        ] {
            let count = self.count(outcome);
            if count > 0 {
                write!(counts, ", {count} {word}")?;
            }
        }
        output::line(&counts)?;
        let drafts = self.count(Outcome::Draft);
        if drafts > 0 {
            output::line(&format!(
                "{drafts} wait for approval by a second person: `chatbot documents list --status draft`"
            ))?;
        }
        for (outcome, word) in [
            (Outcome::New, "to upload"),
            (Outcome::Skipped, "skipped"),
            (Outcome::Received, "not read yet"),
            (Outcome::Removed, "removed"),
            (Outcome::Missing, "no longer there"),
            (Outcome::Quarantined, "quarantined"),
        ] {
            self.print_all(outcome, word)?;
        }
        for entry in &self.documents {
            for warning in &entry.warnings {
                output::line(&format!("warning: {}: {warning}", entry.label()))?;
            }
        }
        self.print_all(Outcome::Failed, "failed")?;
        if let Some(reason) = &self.not_removed {
            output::notice(&format!("nothing is removed: {reason}"));
        }
        if self.interrupted {
            output::notice("interrupted: the same command goes on where this one ended");
        }
        Ok(())
    }

    fn print_all(&self, outcome: Outcome, word: &str) -> anyhow::Result<()> {
        for entry in self.with(outcome) {
            let mut line = format!("{word}: {}", entry.label());
            // The path says more where two documents have one id.
            if outcome == Outcome::Failed && entry.label() != entry.name {
                write!(line, " ({})", entry.name)?;
            }
            if let Some(reason) = &entry.reason {
                write!(line, ": {reason}")?;
            }
            output::line(&line)?;
        }
        Ok(())
    }
}
