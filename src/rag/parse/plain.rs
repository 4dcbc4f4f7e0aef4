//! Plain text: finds paragraphs between blank lines, joins hard-wrapped lines, and finds lists and
//! titles.

use super::builder::Builder;
use super::{BlockKind, ParseError, ParseLimits, ParsedDocument};
use crate::domain::text::opens_list_item;

/// Narrower paragraphs were not wrapped by a program, so their line breaks have a meaning.
const MIN_WRAP_CHARS: usize = 40;
const MAX_HEADING_CHARS: usize = 100;

pub(super) fn parse(text: &str, limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut builder = Builder::new(limits);
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{000B}'], "\n");
    let text = text.replace('\u{000C}', "\n\n");
    let mut title = None;
    let mut paragraph: Vec<&str> = Vec::new();
    for line in text.split('\n').chain(std::iter::once("")) {
        if has_text(line) {
            paragraph.push(line);
        } else if !paragraph.is_empty() {
            push_paragraph(&mut builder, &paragraph, &mut title)?;
            paragraph.clear();
        }
    }
    builder.finish(title.as_deref())
}

fn has_text(line: &str) -> bool {
    line.chars().any(|c| !c.is_whitespace() && !c.is_control())
}

/// `title` is `None` until the first paragraph was seen; empty if that paragraph was no title.
fn push_paragraph(
    builder: &mut Builder,
    lines: &[&str],
    title: &mut Option<String>,
) -> Result<(), ParseError> {
    let first = title.is_none();
    let (heading, body) = split_heading(lines, first);
    if first {
        *title = Some(heading.map_or_else(String::new, |(_, text)| text.to_owned()));
    }
    if let Some((level, text)) = heading {
        builder.push(BlockKind::Heading(level), text)?;
    }
    let mut item: Vec<&str> = Vec::new();
    for line in body {
        if opens_list_item(line) && !item.is_empty() {
            push_lines(builder, &item)?;
            item.clear();
        }
        item.push(line);
    }
    push_lines(builder, &item)
}

/// Splits a paragraph into its heading, if it has one, and the rest.
fn split_heading<'a, 'b>(
    lines: &'b [&'a str],
    first: bool,
) -> (Option<(u8, &'a str)>, &'b [&'a str]) {
    match lines {
        [text, rule, rest @ ..] if is_rule(rule, '=') && is_title(text) => (Some((1, text)), rest),
        [text, rule, rest @ ..] if is_rule(rule, '-') && is_title(text) => (Some((2, text)), rest),
        [text] if first && is_title(text) => (Some((1, text)), &[]),
        [text] if is_title(text) && is_upper(text) => (Some((2, text)), &[]),
        _ => (None, lines),
    }
}

fn is_rule(line: &str, mark: char) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.chars().all(|c| c == mark)
}

fn is_title(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() <= MAX_HEADING_CHARS
        && !line.ends_with(['.', ',', ';', ':', '!'])
        // "WHO MUST NOT TAKE IT?" is a heading; "Can I come?" may be a sentence.
        && (!line.ends_with('?') || is_upper(line))
        && line.chars().any(char::is_alphabetic)
        && !opens_list_item(line)
}

fn is_upper(line: &str) -> bool {
    !line.chars().any(char::is_lowercase) && line.chars().filter(|c| c.is_uppercase()).count() >= 4
}

fn push_lines(builder: &mut Builder, lines: &[&str]) -> Result<(), ParseError> {
    let kind = if let Some(first) = lines.first().filter(|l| opens_list_item(l)) {
        // A larger indent means a deeper level.
        builder.nest(first.len() - first.trim_start().len() + 1);
        BlockKind::ListItem
    } else {
        BlockKind::Paragraph
    };
    builder.push(kind, &join_wrapped(lines))
}

/// Joins two lines if the first word of the second did not fit into the first, as in text that a
/// program wrapped. Other line breaks stay.
fn join_wrapped(lines: &[&str]) -> String {
    let widths: Vec<usize> = lines.iter().map(|l| l.trim_end().chars().count()).collect();
    let widest = widths.iter().copied().max().unwrap_or(0);
    let mut out = String::new();
    let mut previous: Option<usize> = None;
    for (line, width) in lines.iter().zip(widths) {
        if let Some(before) = previous {
            let word = line.split_whitespace().next().unwrap_or_default();
            let full = before + 1 + word.chars().count() > widest;
            out.push(if full && widest >= MIN_WRAP_CHARS {
                ' '
            } else {
                '\n'
            });
        }
        out.push_str(line.trim());
        previous = Some(width);
    }
    out
}
