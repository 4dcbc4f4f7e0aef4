//! Corrects what units depend on by the lines that the index knows to govern them.
//!
//! Without indents, the parent of a nested item cannot be told from the passage, and a table need
//! not begin with its column names.

use super::units::{Frame, Kind, Span, Unit};
use crate::domain::evidence::{ContextKind, ContextLine, Source};
use crate::domain::text::opens_list_item;
use crate::language::lines::is_row;

/// Corrects the units of a passage. `outside` returns the index of the source that stands for a
/// line outside the passage.
pub(super) fn correct(
    units: &mut [Unit],
    passage: &Source,
    lines: &[ContextLine],
    outside: impl Fn(&ContextLine) -> Option<usize>,
) {
    let is_header = |at: i32| {
        let mut headers = lines.iter().filter(|line| line.kind == ContextKind::Header);
        headers.any(|line| (line.start..line.end).contains(&at))
    };
    let mut no_header: Option<Span> = None;
    for unit in units {
        let at = i32::try_from(unit.span.start)
            .map_or(i32::MAX, |start| passage.start.saturating_add(start));
        let governing: Vec<&ContextLine> = lines
            .iter()
            .filter(|line| line.end <= at && at < line.until && !line.text.is_empty())
            .collect();
        let guessed = unit.header.as_ref().map(|header| header.span);
        if unit.kind == Kind::Frame && unit.begins_table && !is_header(at) {
            unit.kind = Kind::Row;
            no_header = Some(unit.span);
        } else if guessed.is_some() && guessed == no_header {
            unit.header = None;
        }
        if unit.kind == Kind::Row && is_row(&unit.text) {
            let header = governing
                .iter()
                .rfind(|line| line.kind == ContextKind::Header);
            let header = header.and_then(|line| frame(line, passage, &outside));
            unit.header = header.or(unit.header.take());
        }
        let leads: Vec<&ContextLine> = governing
            .into_iter()
            .filter(|line| line.kind == ContextKind::Lead)
            .collect();
        let nested = leads.iter().any(|line| opens_list_item(&line.text));
        if matches!(unit.kind, Kind::Item | Kind::Frame) && nested {
            let joined: Vec<&str> = leads.iter().map(|line| line.text.as_str()).collect();
            let lead = leads.last().and_then(|line| frame(line, passage, &outside));
            unit.lead = lead.map(|lead| Frame {
                text: joined.join(" "),
                ..lead
            });
            unit.is_orphan = false;
        }
    }
}

fn frame(
    line: &ContextLine,
    passage: &Source,
    outside: &impl Fn(&ContextLine) -> Option<usize>,
) -> Option<Frame> {
    let text = line.text.clone();
    let length = text.chars().count();
    if line.start >= passage.start && line.end <= passage.end {
        let start = usize::try_from(line.start - passage.start).ok()?;
        let end = start + length;
        return Some(Frame {
            outside: None,
            span: Span { start, end },
            text,
        });
    }
    Some(Frame {
        outside: Some(outside(line)?),
        span: Span {
            start: 0,
            end: length,
        },
        text,
    })
}
