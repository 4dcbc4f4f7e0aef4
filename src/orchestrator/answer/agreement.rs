//! Several documents on one thing: they say the same, or state different values.
//!
//! A sentence that two documents contain is shown once and cited from both. If a document of the evidence
//! states another value for what an answer says, the answer shows that statement too, word for word, and
//! says that the documents differ.

use super::governed::{Governed, outside};
use super::grounding::{Grounder, Words};
use super::standing::Standing;
use super::{Answers, NoAnswer};
use crate::domain::evidence::{Citation, Source};
use crate::language::Tongue;
use crate::language::differences::{are_about_one_thing, differences};
use crate::language::units::{Extract, Unit, sections};
use crate::orchestrator::question::Question;
use crate::orchestrator::stream::draft::Draft;
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

/// Returns the statements that differ from what is cited.
fn differing(cited: &[Citation], evidence: &[Governed]) -> Vec<Differing> {
    let mut found: Vec<Differing> = Vec::new();
    for citation in cited {
        let Some((own, _)) = evidence.iter().find(|(source, _)| holds(source, citation)) else {
            continue;
        };
        for governed in evidence {
            let other = &governed.0;
            if other.document_id == own.document_id
                || !are_about_one_thing((&own.title, &own.text), (&other.title, &other.text))
            {
                continue;
            }
            for unit in units(governed) {
                if unit.orphan || differences(&citation.quote, &unit.text).is_empty() {
                    continue;
                }
                let one = Differing {
                    cited: own.id,
                    other: other.id,
                    lines: unit.above.into_iter().chain([unit.text]).collect(),
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

fn units((source, context): &Governed) -> impl Iterator<Item = Unit> {
    let found = sections(&Extract {
        title: &source.title,
        text: &source.text,
        start: source.start,
        context: context.as_deref(),
    });
    found.into_iter().flat_map(|section| section.units)
}

/// The name of a source in a prepared text, which contains no link, no markup and no line break.
fn name(source: &Source) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || " -–,.'()&/".contains(*c);
    let title: String = source.title.chars().filter(is_plain).collect();
    let title = title.replace("//", "/").replace("www.", "");
    format!("{} ({}) [{}]", title.trim(), source.edition(), source.id)
}

impl Answers {
    /// Shows the statements of other documents that differ from the answer, and says so.
    pub(super) async fn add_differences(
        &self,
        question: &Question,
        evidence: &[Governed],
        standing: &mut Standing<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), NoAnswer> {
        let cited = draft.citations().to_vec();
        let found = differing(&cited, evidence);
        if found.is_empty() {
            return Ok(());
        }
        let grounder = Grounder::new(Words::Quoted, &question.content, evidence);
        let mut grounder = grounder.after(draft.length());
        let mut outputs = Vec::new();
        for differing in &found {
            let is_shown = |line: &String| cited.iter().any(|citation| citation.quote == *line);
            if differing.lines.last().is_some_and(is_shown) {
                continue;
            }
            for line in &differing.lines {
                outputs.extend(grounder.push(&format!("{line} [{}]\n", differing.other)));
            }
        }
        outputs.extend(grounder.finish());
        self.emit(question, outputs, standing, draft).await?;
        // A statement that was not shown after all says nothing.
        let is_cited = |id: i32| {
            draft
                .citations()
                .iter()
                .any(|citation| citation.source_id == id)
        };
        let mut shown: Vec<i32> = found
            .iter()
            .filter(|differing| is_cited(differing.other))
            .flat_map(|differing| [differing.cited, differing.other])
            .collect();
        shown.sort_unstable();
        shown.dedup();
        let names: Vec<String> = evidence
            .iter()
            .filter(|(source, _)| shown.contains(&source.id))
            .map(|(source, _)| name(source))
            .collect();
        if names.len() > 1 {
            let notice = texts::differing(&names, Tongue::of(&question.content));
            draft.add(&format!("\n{notice}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
