//! Whether the passages of an answer may still be quoted while it is written.
//!
//! Their text cannot change, and it equalled the stored text when the answer began. Their right to be
//! shown can end at any moment. It is checked again before a sentence if the last look is older than
//! [`FRESH`], and once more by the statement that stores the end.

use std::time::Duration;

use tokio::time::Instant;

use super::governed::Governed;
use crate::domain::access::Principal;
use crate::domain::evidence::Citation;
use crate::domain::ids::VersionId;
use crate::orchestrator::config::PATIENCE;
use crate::persistence::{Database, DbError, patiently, turns};

/// How long a look at the database holds.
const FRESH: Duration = Duration::from_millis(500);

/// The passages of one answer, and the versions among theirs that may be quoted.
pub(super) struct Standing<'a> {
    evidence: &'a [Governed],
    versions: Vec<VersionId>,
    looked: Instant,
}

impl<'a> Standing<'a> {
    /// Begins with passages that were verified just now.
    pub fn of(evidence: &'a [Governed]) -> Self {
        Self {
            evidence,
            versions: versions(evidence),
            looked: Instant::now(),
        }
    }

    /// The passages of the answer.
    pub fn evidence(&self) -> &'a [Governed] {
        self.evidence
    }

    /// Whether every citation equals the stored text and may still be shown to the reader.
    pub async fn allows(
        &mut self,
        database: &Database,
        reader: &Principal,
        citations: &[Citation],
    ) -> Result<bool, DbError> {
        if citations.is_empty() {
            return Ok(true);
        }
        if self.looked.elapsed() >= FRESH {
            let all = versions(self.evidence);
            let list = || turns::list_standing(database, reader, &all);
            self.looked = Instant::now();
            self.versions = Box::pin(patiently(PATIENCE, list)).await?;
        }
        let stands = |citation: &Citation| {
            self.versions.contains(&citation.version_id) && is_quoted(self.evidence, citation)
        };
        Ok(citations.iter().all(stands))
    }
}

fn versions(evidence: &[Governed]) -> Vec<VersionId> {
    let mut versions: Vec<VersionId> = evidence
        .iter()
        .map(|(source, _)| source.version_id)
        .collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

/// Whether the citation equals the text of a passage, or of a line that governs one, at its offsets.
fn is_quoted(evidence: &[Governed], citation: &Citation) -> bool {
    let is_within = |start: i32, end: i32, text: &str| {
        let length = |from: i32, to: i32| usize::try_from(to.checked_sub(from)?).ok();
        let place = length(start, citation.start).zip(length(citation.start, citation.end));
        citation.end <= end
            && place.is_some_and(|(skipped, length)| {
                let quoted = text.chars().skip(skipped).take(length);
                quoted.eq(citation.quote.chars())
            })
    };
    evidence
        .iter()
        .filter(|(source, _)| source.version_id == citation.version_id)
        .any(|(source, context)| {
            let mut lines = context.iter().flatten();
            is_within(source.start, source.end, &source.text)
                || lines.any(|line| is_within(line.start, line.end, &line.text))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::Source;
    use crate::domain::ids::DocumentId;

    fn source() -> Source {
        Source {
            id: 1,
            document_id: DocumentId::new(),
            version_id: VersionId::new(),
            external_id: "document".into(),
            title: "Visiting".into(),
            version: 1,
            stated: crate::domain::document::Stated::default(),
            page: None,
            start: 10,
            end: 28,
            text: "Größe: 2 pm – 8 pm".into(),
            score: 1.0,
        }
    }

    fn citation(source: &Source, start: i32, quote: &str) -> Citation {
        Citation {
            source_id: 1,
            document_id: source.document_id,
            version_id: source.version_id,
            quote: quote.into(),
            start,
            end: start + i32::try_from(quote.chars().count()).unwrap(),
            answer_start: 0,
            answer_end: 1,
        }
    }

    #[test]
    fn a_quote_equals_the_passage_at_its_offsets() {
        let source = source();
        let evidence = [(source.clone(), None)];
        let is_quoted = |start, quote| is_quoted(&evidence, &citation(&source, start, quote));
        assert!(is_quoted(10, "Größe: 2 pm – 8 pm"));
        assert!(is_quoted(17, "2 pm – 8 pm"));
        assert!(!is_quoted(16, "2 pm – 8 pm"));
        assert!(!is_quoted(9, "Größe"));
        assert!(!is_quoted(17, "2 pm – 9 pm"));
        assert!(!is_quoted(24, "8 pm and later"));
        let other = Source {
            version_id: VersionId::new(),
            ..source.clone()
        };
        assert!(!super::is_quoted(&evidence, &citation(&other, 17, "2 pm")));
    }
}
