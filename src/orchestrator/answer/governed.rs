//! Passages together with the lines of their document that govern them.

use crate::domain::evidence::{ContextLine, Passage, Source};
use crate::persistence::turns::Span;

/// A source and the lines that govern a part of it, including those inside it; `None` if they are
/// unknown.
pub type Governed = (Source, Option<Vec<ContextLine>>);

/// Returns the passage and the lines that govern it, as places in the stored text.
pub(super) fn pieces(passage: &Passage) -> impl Iterator<Item = (Span, &str)> {
    let lines = passage.context.iter().flatten();
    let lines = lines
        .filter(|line| !line.text.is_empty())
        .map(|line| (line.start, line.end, line.text.as_str()));
    std::iter::once((passage.start, passage.end, passage.text.as_str()))
        .chain(lines)
        .map(|(start, end, text)| {
            let version = passage.version_id;
            (
                Span {
                    version,
                    start,
                    end,
                },
                text,
            )
        })
}

/// Returns the lines outside a source that govern a part of it, in the order of the document.
pub(super) fn outside((source, context): &Governed) -> impl Iterator<Item = &ContextLine> {
    context.iter().flatten().filter(|line| {
        !line.text.is_empty() && (line.end <= source.start || line.start >= source.end)
    })
}

/// Whether the line governs the beginning of the source.
pub(super) fn is_above(line: &ContextLine, source: &Source) -> bool {
    line.end <= source.start && source.start < line.until
}

/// Turns a numbered passage into a source.
pub(super) fn to_source((id, passage): (i32, Passage)) -> Governed {
    let source = Source {
        id,
        document_id: passage.document_id,
        version_id: passage.version_id,
        external_id: passage.external_id,
        title: passage.title,
        version: passage.version,
        stated: passage.stated,
        page: passage.page,
        start: passage.start,
        end: passage.end,
        text: passage.text,
        score: passage.score,
    };
    (source, passage.context)
}
