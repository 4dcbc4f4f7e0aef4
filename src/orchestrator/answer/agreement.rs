//! Several documents on one thing: they say the same, or state different values.
//!
//! A sentence that two documents contain is shown once and cited from both. If a document of the evidence
//! states another value for what an answer says, the answer shows that statement too, word for word, and
//! says that the documents differ.

use std::collections::BTreeSet;

use super::governed::{Governed, outside};
use super::grounding::{Grounder, Output, Words};
use crate::domain::evidence::{Citation, Source};
use crate::language::Tongue;
use crate::language::differences::{are_about_one_thing, differences};
use crate::language::units::{Extract, Unit, sections};
use crate::safety::texts;

/// The most other statements that are shown.
const MOST: usize = 3;

/// Adds the same quotes of passages of other documents that are equal word for word, under equal lines.
pub(super) fn with_twins(citations: Vec<Citation>, evidence: &[Governed]) -> Vec<Citation> {
    let twins: Vec<Citation> = citations
        .iter()
        .flat_map(|citation| {
            let own = evidence.iter().find(|(source, _)| holds(source, citation));
            own.into_iter().flat_map(|own| {
                let equal = evidence.iter().filter(|other| are_equal(own, other));
                equal.map(|(twin, _)| Citation {
                    source_id: twin.id,
                    document_id: twin.document_id,
                    version_id: twin.version_id,
                    start: twin.start + (citation.start - own.0.start),
                    end: twin.start + (citation.end - own.0.start),
                    ..citation.clone()
                })
            })
        })
        .collect();
    let mut all = citations;
    for twin in twins {
        if !all.contains(&twin) {
            all.push(twin);
        }
    }
    all
}

fn holds(source: &Source, citation: &Citation) -> bool {
    source.id == citation.source_id && source.start <= citation.start && citation.end <= source.end
}

fn are_equal(own: &Governed, other: &Governed) -> bool {
    own.0.document_id != other.0.document_id
        && own.0.text == other.0.text
        && outside(own)
            .map(|line| &line.text)
            .eq(outside(other).map(|line| &line.text))
}

/// A statement of another document that differs from one of the answer.
#[derive(Debug, PartialEq, Eq)]
struct Differing {
    /// The number of the passage that the answer cites.
    cited: i32,
    /// The number of the other passage.
    other: i32,
    /// The lines to show: those that govern the statement, and itself.
    lines: Vec<String>,
}

/// Returns the statements that differ from what is cited. Only statements with numbers can.
fn differing(cited: &[Citation], evidence: &[Governed]) -> Vec<Differing> {
    let cited: Vec<&Citation> = cited.iter().filter(|c| has_number(&c.quote)).collect();
    if cited.is_empty() {
        return Vec::new();
    }
    let statements: Vec<(&Source, Vec<Unit>)> = evidence
        .iter()
        .map(|governed| (&governed.0, statements(governed)))
        .collect();
    let mut found: Vec<Differing> = Vec::new();
    for citation in cited {
        let Some((own, _)) = evidence.iter().find(|(source, _)| holds(source, citation)) else {
            continue;
        };
        for (other, units) in &statements {
            if other.document_id == own.document_id
                || !are_about_one_thing((&own.title, &own.text), (&other.title, &other.text))
            {
                continue;
            }
            for unit in units {
                if differences(&citation.quote, &unit.text).is_empty() {
                    continue;
                }
                let lines = unit.above.iter().chain([&unit.text]);
                let one = Differing {
                    cited: own.id,
                    other: other.id,
                    lines: lines.cloned().collect(),
                };
                if found.iter().all(|known| known.lines != one.lines) {
                    found.push(one);
                }
            }
        }
    }
    found.truncate(MOST);
    found
}

fn has_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The units of a passage that state a number and stand with all that governs them.
fn statements((source, context): &Governed) -> Vec<Unit> {
    let found = sections(&Extract {
        title: &source.title,
        text: &source.text,
        start: source.start,
        context: context.as_deref(),
    });
    let units = found.into_iter().flat_map(|section| section.units);
    let states = |unit: &Unit| !unit.orphan && has_number(&unit.text);
    units.filter(states).collect()
}

/// The name of a source in a prepared text, which contains no link, no markup and no line break.
fn name(source: &Source) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || " -–,.'()&/".contains(*c);
    let title: String = source.title.chars().filter(is_plain).collect();
    let title = title.replace("//", "/").replace("www.", "");
    format!("{} ({}) [{}]", title.trim(), source.edition(), source.id)
}

/// The statements of other documents that differ from an answer.
pub(super) struct Differences<'a> {
    found: Vec<Differing>,
    evidence: &'a [Governed],
}

impl<'a> Differences<'a> {
    /// Compares the quotes of an answer with the other documents of its evidence.
    pub fn with(cited: &[Citation], evidence: &'a [Governed]) -> Self {
        Self {
            found: differing(cited, evidence),
            evidence,
        }
    }

    /// The statements that the answer lacks, after so many characters of it.
    pub fn statements(&self, question: &str, cited: &[Citation], length: usize) -> Vec<Output> {
        let is_shown = |line: &String| cited.iter().any(|citation| citation.quote == *line);
        let mut grounder = Grounder::new(Words::Quoted, question, self.evidence).after(length);
        let mut outputs = Vec::new();
        for differing in &self.found {
            if differing.lines.last().is_some_and(is_shown) {
                continue;
            }
            for line in &differing.lines {
                outputs.extend(grounder.push(&format!("{line} [{}]\n", differing.other)));
            }
        }
        outputs.extend(grounder.finish());
        outputs
    }

    /// The words that name the documents. A statement that the answer does not cite after all says nothing.
    pub fn notice(&self, cited: &[Citation], tongue: Tongue) -> Option<String> {
        let is_cited = |id: i32| cited.iter().any(|citation| citation.source_id == id);
        let shown: BTreeSet<i32> = self
            .found
            .iter()
            .filter(|differing| is_cited(differing.other))
            .flat_map(|differing| [differing.cited, differing.other])
            .collect();
        let names: Vec<String> = self
            .evidence
            .iter()
            .filter(|(source, _)| shown.contains(&source.id))
            .map(|(source, _)| name(source))
            .collect();
        (names.len() > 1).then(|| texts::differing(&names, tongue))
    }
}

#[cfg(test)]
mod tests;
