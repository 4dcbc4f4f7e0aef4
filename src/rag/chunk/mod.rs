//! Turns parsed text into chunks, the units that are embedded, found and cited.
//!
//! A chunk is one contiguous piece of the text, so that its offsets, its quote and its page always
//! agree. Cuts are chosen in this order: between sections, between paragraphs, between list items
//! or table rows, between sentences; inside a sentence only if it is longer than a chunk may be. A
//! heading stays with the text that follows it, and so does the sentence that leads into a list.

mod context;
#[cfg(test)]
mod tests;
mod units;

use serde::{Deserialize, Serialize};

use super::parse::ParsedDocument;
use crate::domain::evidence::ContextLine;
use context::Context;
use units::{Cut, Outline, Unit};

/// Sections below this share of the target may share a chunk with the next one.
const TINY_SECTION: usize = 6;
const MAX_HEADING_CHARS: usize = 120;
/// The lines above a chunk may take this share of it from its own text.
const SHARE_ABOVE: usize = 3;

/// The length of chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChunkingConfig {
    /// The intended length.
    pub target_tokens: usize,
    /// The maximum length; the embedding model cuts off longer texts.
    pub max_tokens: usize,
    /// The number of sentences of running text that a chunk repeats from the previous one.
    pub overlap_sentences: usize,
}

impl Default for ChunkingConfig {
    fn default() -> Self {
        Self {
            target_tokens: 180,
            max_tokens: 240,
            overlap_sentences: 1,
        }
    }
}

/// A piece of a document's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// 0-based, in reading order; `start` and `end` ascend with it.
    pub ordinal: u32,
    /// Char offsets into the document's text, half-open.
    pub start: usize,
    pub end: usize,
    /// The page of the first character, 1-based; `None` if the format has no pages.
    pub page: Option<u32>,
    /// The title and the headings above the whole chunk: "Title > Section".
    pub heading: Option<String>,
    /// The lines that govern a part of the chunk, wherever they stand.
    pub context: Vec<ContextLine>,
    /// Exactly the document's text at `start..end`.
    pub text: String,
}

/// Cuts a document into chunks that together contain every character except white space.
///
/// `count_tokens` is called about twice per sentence, and never with more than twelve chars per
/// allowed token. The tokens of neighbouring sentences are assumed to add up.
pub fn chunk(
    doc: &ParsedDocument,
    cfg: &ChunkingConfig,
    count_tokens: &dyn Fn(&str) -> usize,
) -> Vec<Chunk> {
    let max = cfg.max_tokens.max(1);
    let outline = units::outline(doc, max, count_tokens);
    let packer = Packer {
        outline: &outline,
        max,
        target: cfg.target_tokens.clamp(1, max),
        overlap: cfg.overlap_sentences,
    };
    let mut context = Context::of(doc, count_tokens);
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut end = 0;
    while end < outline.units.len() {
        let begin = outline.units.get(start).map_or(0, |unit| unit.start);
        let above = context.tokens_above(begin);
        end = packer.end(start, end + 1, above.min(max / SHARE_ABOVE));
        let described = describe(doc, &outline, start, end, chunks.len());
        chunks.extend(described.map(|chunk| Chunk {
            context: context.within(chunk.start, chunk.end),
            ..chunk
        }));
        start = packer.next_start(start, end);
    }
    chunks
}

struct Packer<'a> {
    outline: &'a Outline,
    max: usize,
    target: usize,
    overlap: usize,
}

/// A position where the chunk may end.
#[derive(Clone, Copy)]
struct Candidate {
    end: usize,
    cut: Cut,
    tokens: usize,
}

impl Packer<'_> {
    /// Chooses the end of the chunk that starts at unit `start`, under lines of so many tokens; at
    /// least `floor`.
    fn end(&self, start: usize, floor: usize, above: usize) -> usize {
        let mut tokens = above;
        let mut only_headings = true;
        let mut candidates = Vec::new();
        let mut previous: Option<&Unit> = None;
        for (at, unit) in self.outline.units.iter().enumerate().skip(start) {
            let opens_section = unit.cut == Cut::Section;
            if let Some(previous) = previous
                && at >= floor
            {
                if opens_section
                    && !only_headings
                    && !self.may_go_on(previous, unit, tokens - above)
                {
                    return at;
                }
                candidates.push(Candidate {
                    end: at,
                    cut: if only_headings { Cut::Never } else { unit.cut },
                    tokens,
                });
                if tokens + unit.tokens > self.max {
                    return self.best(&candidates).unwrap_or(at);
                }
            }
            tokens += unit.tokens;
            only_headings &= unit.is_heading;
            previous = Some(unit);
        }
        self.outline.units.len()
    }

    /// Whether a chunk may also contain the start of the next section.
    fn may_go_on(&self, previous: &Unit, next: &Unit, tokens: usize) -> bool {
        if tokens * TINY_SECTION < self.target {
            return true;
        }
        let deeper = self.outline.level(next.section) > self.outline.level(previous.section);
        deeper && tokens + self.outline.section_tokens(next.section) <= self.target
    }

    fn best(&self, candidates: &[Candidate]) -> Option<usize> {
        let long_enough = candidates
            .iter()
            .filter(|c| c.tokens * 2 >= self.target && c.cut != Cut::Never)
            .max_by_key(|c| (c.cut, std::cmp::Reverse(c.tokens.abs_diff(self.target))));
        let any = || {
            candidates
                .iter()
                .filter(|c| c.cut != Cut::Never)
                .max_by_key(|c| c.tokens)
        };
        long_enough
            .or_else(any)
            .or_else(|| candidates.last())
            .map(|c| c.end)
    }

    /// Chooses the start of the next chunk: the cut, or some sentences of running text before it.
    fn next_start(&self, start: usize, end: usize) -> usize {
        let units = &self.outline.units;
        let Some(next) = units.get(end) else {
            return end;
        };
        if !next.is_prose || next.cut == Cut::Section {
            return end;
        }
        let room = (self.target / 3).min(self.max.saturating_sub(next.tokens));
        let mut tokens = 0;
        let repeated = units
            .get(start + 1..end)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(self.overlap)
            .take_while(|unit| {
                tokens += unit.tokens;
                unit.is_prose && unit.section == next.section && tokens <= room
            })
            .count();
        end - repeated
    }
}

fn describe(
    doc: &ParsedDocument,
    outline: &Outline,
    start: usize,
    end: usize,
    ordinal: usize,
) -> Option<Chunk> {
    let units = outline.units.get(start..end)?;
    let (first, last) = (units.first()?, units.last()?);
    let page = doc.pages.partition_point(|page| *page <= first.start);
    Some(Chunk {
        ordinal: u32::try_from(ordinal).ok()?,
        start: first.start,
        end: last.end,
        page: u32::try_from(page).ok().filter(|_| !doc.pages.is_empty()),
        heading: heading(doc, outline, units),
        context: Vec::new(),
        text: doc.text.get(first.bytes.start..last.bytes.end)?.to_owned(),
    })
}

/// The path that all sections of the chunk share. A section does not count if the chunk contains
/// only its heading, because that section contains the others.
fn heading(doc: &ParsedDocument, outline: &Outline, units: &[Unit]) -> Option<String> {
    let mut sections: Vec<usize> = units
        .iter()
        .filter(|u| !u.is_heading)
        .map(|u| u.section)
        .collect();
    if sections.is_empty() {
        sections = units.last().map(|u| u.section).into_iter().collect();
    }
    sections.dedup();
    let mut shared: Option<Vec<usize>> = None;
    for section in sections {
        let path = outline.path(section);
        shared = Some(match shared {
            None => path,
            Some(before) => {
                let same = before.iter().zip(&path).take_while(|(a, b)| a == b).count();
                before.into_iter().take(same).collect()
            }
        });
    }
    let mut names: Vec<String> = doc.title.iter().map(|t| one_line(t)).collect();
    for section in shared.unwrap_or_default() {
        let name = outline
            .heading(doc, section)
            .map(one_line)
            .unwrap_or_default();
        if !name.is_empty() && names.last() != Some(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(" > "))
}

fn one_line(heading: &str) -> String {
    heading
        .chars()
        .take(MAX_HEADING_CHARS)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect()
}
