//! The counts of the kinds, as a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::corpus::Subject;
use super::kinds::{Kind, Meaning};

/// The counts of one kind.
#[derive(Default)]
pub struct Counts {
    pub made: usize,
    pub cited: usize,
    /// The sentences that came out wrong, with the sentence they were made from and the reason.
    wrong: Vec<String>,
}

/// The counts of all kinds.
#[derive(Default)]
pub struct Report {
    kinds: BTreeMap<(Meaning, String), Counts>,
}

impl Report {
    pub fn add(
        &mut self,
        kind: &Kind,
        subject: &Subject,
        sentence: &str,
        verdict: Result<(), &'static str>,
    ) {
        let counts = self.kinds.entry((kind.meaning, kind.name.clone()));
        let counts = counts.or_default();
        counts.made += 1;
        counts.cited += usize::from(verdict.is_ok());
        if verdict.is_ok() == (kind.meaning == Meaning::Changed) {
            let reason = verdict.err().unwrap_or("cited");
            counts.wrong.push(format!(
                "{reason}\n    {sentence}\n    {}",
                subject.sentence
            ));
        }
    }

    /// Returns the kinds with one meaning.
    pub fn kinds(&self, meaning: Meaning) -> impl Iterator<Item = (&str, &Counts)> {
        let kinds = self.kinds.iter();
        kinds
            .filter(move |((own, _), _)| *own == meaning)
            .map(|((_, name), counts)| (name.as_str(), counts))
    }

    /// Returns the number of sentences made and cited, over all kinds with one meaning.
    pub fn total(&self, meaning: Meaning) -> (usize, usize) {
        let counts = self.kinds(meaning).map(|(_, counts)| counts);
        counts.fold((0, 0), |(made, cited), counts| {
            (made + counts.made, cited + counts.cited)
        })
    }

    /// Returns the table of all kinds, in Markdown.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let parts = [
            (Meaning::Changed, "Changed meaning: may not be cited"),
            (Meaning::Kept, "Kept meaning: should be cited"),
        ];
        for (meaning, title) in parts {
            let _ = writeln!(text, "| {title} | sentences | cited | share |");
            let _ = writeln!(text, "| --- | ---: | ---: | ---: |");
            for (name, counts) in self.kinds(meaning) {
                let share = share(counts.cited, counts.made);
                let _ = writeln!(
                    text,
                    "| {name} | {} | {} | {share} |",
                    counts.made, counts.cited
                );
            }
            let (made, cited) = self.total(meaning);
            let _ = writeln!(
                text,
                "| **all** | {made} | {cited} | {} |\n",
                share(cited, made)
            );
        }
        text
    }

    /// Returns the sentences of the kinds with this name that came out wrong.
    pub fn wrong(&self, kind: &str) -> String {
        let kinds = self.kinds.iter();
        let wanted = kinds.filter(|((_, name), _)| kind == "all" || name == kind);
        let mut text = String::new();
        for ((_, name), counts) in wanted {
            for wrong in &counts.wrong {
                let _ = writeln!(text, "{name}: {wrong}");
            }
        }
        text
    }
}

/// Returns a share in per cent with one decimal, in whole arithmetic.
fn share(part: usize, whole: usize) -> String {
    let tenths = part * 1000 / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}
