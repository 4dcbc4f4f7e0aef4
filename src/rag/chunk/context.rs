//! The lines that govern others: headings, sentences that lead into a list or a table, items above
//! a nested list, and header rows.

use crate::domain::evidence::{ContextKind, ContextLine};
use crate::domain::text::opens_list_item;
use crate::language::sentences::sentences;
use crate::rag::parse::{Block, BlockKind, ParsedDocument};

/// Longer lines are not carried beside a passage, so the text they govern is not quoted on its own.
const MAX_LINE_CHARS: usize = 1_000;
/// The most lines that one chunk carries.
const MAX_LINES: usize = 64;

/// The governing lines of a document, in the order of their first character. Chunks read them in
/// ascending order.
pub(super) struct Context<'a> {
    lines: std::iter::Peekable<std::vec::IntoIter<ContextLine>>,
    /// The lines that have begun and may reach into a later chunk, and the tokens of each.
    open: Vec<(ContextLine, usize)>,
    count_tokens: &'a dyn Fn(&str) -> usize,
}

impl<'a> Context<'a> {
    pub(super) fn of(doc: &ParsedDocument, count_tokens: &'a dyn Fn(&str) -> usize) -> Self {
        let mut reader = Reader {
            texts: texts(doc),
            blocks: &doc.blocks,
            lines: Vec::new(),
        };
        reader.read();
        reader.lines.sort_by_key(|line| (line.start, line.end));
        Self {
            lines: reader.lines.into_iter().peekable(),
            open: Vec::new(),
            count_tokens,
        }
    }

    /// Returns the tokens of the lines above a chunk that begins here, which are embedded with it.
    /// Chunks ascend.
    pub(super) fn tokens_above(&mut self, start: usize) -> usize {
        let start = offset(start);
        self.go_on(start, start);
        let above = self.open.iter().filter(|(line, _)| line.end <= start);
        above.map(|(_, tokens)| tokens).sum()
    }

    fn go_on(&mut self, start: i32, end: i32) {
        self.open.retain(|(line, _)| line.until > start);
        while let Some(line) = self.lines.next_if(|line| line.start < end) {
            if line.until > start {
                let tokens = (self.count_tokens)(&line.text);
                self.open.push((line, tokens));
            }
        }
    }

    /// Returns the lines whose scope reaches into the next chunk, `start..end`, or the last ones if
    /// there are too many. Chunks ascend.
    pub(super) fn within(&mut self, start: usize, end: usize) -> Vec<ContextLine> {
        let (start, end) = (offset(start), offset(end));
        self.go_on(start, end);
        let first = self.open.len().saturating_sub(MAX_LINES);
        let lines = self.open.get(first..).unwrap_or_default();
        lines.iter().map(|(line, _)| line.clone()).collect()
    }
}

/// The text of each block.
fn texts(doc: &ParsedDocument) -> Vec<&str> {
    let mut chars = doc.text.char_indices().map(|(at, _)| at);
    let mut passed = 0;
    let mut byte_at = |wanted: usize| {
        while passed < wanted {
            passed += 1;
            chars.next();
        }
        chars.clone().next().unwrap_or(doc.text.len())
    };
    let mut found = Vec::with_capacity(doc.blocks.len());
    for block in &doc.blocks {
        let from = byte_at(block.start);
        let to = byte_at(block.end);
        found.push(doc.text.get(from..to).unwrap_or_default());
    }
    found
}

struct Reader<'a> {
    texts: Vec<&'a str>,
    blocks: &'a [Block],
    lines: Vec<ContextLine>,
}

impl Reader<'_> {
    fn read(&mut self) {
        // The open headings: their level, and their index among the lines.
        let mut open: Vec<(u8, usize)> = Vec::new();
        let mut at = 0;
        while let Some(block) = self.blocks.get(at) {
            let next = match block.kind {
                BlockKind::Heading(level) => {
                    self.close(&mut open, level, block.start);
                    open.push((level, self.lines.len()));
                    self.add(ContextKind::Heading, at, usize::MAX);
                    at + 1
                }
                BlockKind::ListItem => {
                    let end = self.run(at);
                    self.lead_into(at, end);
                    self.nest(at, end);
                    end
                }
                BlockKind::TableHeader | BlockKind::TableRow => {
                    let end = self.table(at);
                    self.lead_into(at, end);
                    self.headers(at, end);
                    end
                }
                // The table or the list below takes it as its lead-in.
                BlockKind::Caption => at + 1,
                BlockKind::Paragraph | BlockKind::Code => {
                    let led = at > 0 && self.text(at - 1).trim_end().ends_with(':');
                    if led {
                        self.lead_into(at, at + 1);
                    }
                    at + 1
                }
            };
            at = next;
        }
        let end = self.blocks.last().map_or(0, |block| block.end);
        self.close(&mut open, 0, end);
    }

    /// Ends the scope of every open heading of this level or a deeper one.
    fn close(&mut self, open: &mut Vec<(u8, usize)>, level: u8, at: usize) {
        while let Some((_, line)) = open.pop_if(|(other, _)| *other >= level) {
            if let Some(line) = self.lines.get_mut(line) {
                line.until = offset(at);
            }
        }
    }

    /// The end of the table that begins at `at`. An empty line separates it from the next one.
    fn table(&self, at: usize) -> usize {
        let mut end = at + 1;
        while let [before, next] = self.blocks.get(end - 1..=end).unwrap_or_default()
            && matches!(next.kind, BlockKind::TableHeader | BlockKind::TableRow)
            && next.start <= before.end + 1
        {
            end += 1;
        }
        end
    }

    /// Lets each line of column names govern the rows up to the next one.
    fn headers(&mut self, from: usize, to: usize) {
        let is_header = |this: &Self, at: usize| {
            let block = this.blocks.get(at);
            block.is_some_and(|block| block.kind == BlockKind::TableHeader)
        };
        for at in from..to {
            if is_header(self, at) {
                let next = (at + 1..to).find(|next| is_header(self, *next));
                self.add(ContextKind::Header, at, self.end_of(next.unwrap_or(to)));
            }
        }
    }

    /// The end of the run of blocks of one kind that begins at `at`.
    fn run(&self, at: usize) -> usize {
        let kind = self.blocks.get(at).map(|block| block.kind);
        let rest = self.blocks.iter().skip(at);
        at + rest.take_while(|block| Some(block.kind) == kind).count()
    }

    /// Lets the caption right before a table or a list, and the last sentence of a paragraph right
    /// before these, govern all of it.
    fn lead_into(&mut self, from: usize, to: usize) {
        let Some(mut before) = from.checked_sub(1) else {
            return;
        };
        let kind = |at: usize| self.blocks.get(at).map(|block| block.kind);
        if kind(before) == Some(BlockKind::Caption) {
            self.add(ContextKind::Lead, before, self.end_of(to));
            let Some(above) = before.checked_sub(1) else {
                return;
            };
            before = above;
        }
        let Some(block) = self.blocks.get(before) else {
            return;
        };
        if block.kind != BlockKind::Paragraph {
            return;
        }
        let text = self.text(before);
        let Some((start, end)) = sentences(text).last().copied() else {
            return;
        };
        let sentence: String = text.chars().skip(start).take(end - start).collect();
        let (start, end) = (block.start + start, block.start + end);
        self.push(ContextKind::Lead, start, end, self.end_of(to), &sentence);
    }

    /// Lets list items govern the items nested under them, the paragraphs that continue them and,
    /// after a colon, the items that follow.
    fn nest(&mut self, from: usize, to: usize) {
        for at in from..to {
            let Some(item) = self.blocks.get(at) else {
                return;
            };
            if !opens_list_item(self.text(at)) {
                continue;
            }
            let leads = self.text(at).trim_end().ends_with(':');
            let nested = |this: &Self, other: usize| {
                let deeper = this.blocks.get(other).is_some_and(|b| b.depth > item.depth);
                let goes_on = !opens_list_item(this.text(other))
                    && this
                        .blocks
                        .get(other)
                        .is_some_and(|b| b.depth == item.depth);
                deeper || goes_on
            };
            let mut end = (at + 1..to)
                .take_while(|other| nested(self, *other))
                .count()
                + at
                + 1;
            if leads && end == at + 1 {
                let follows = |other: &usize| {
                    self.blocks
                        .get(*other)
                        .is_some_and(|b| b.depth == item.depth)
                        && !self.text(*other).trim_end().ends_with(':')
                };
                end = (at + 1..to).take_while(follows).count() + at + 1;
            }
            if end > at + 1 {
                self.add(ContextKind::Lead, at, self.end_of(end));
            }
        }
    }

    fn text(&self, at: usize) -> &str {
        self.texts.get(at).copied().unwrap_or_default()
    }

    /// The end of the block before `to`.
    fn end_of(&self, to: usize) -> usize {
        let last = to.checked_sub(1).and_then(|last| self.blocks.get(last));
        last.map_or(0, |block| block.end)
    }

    fn add(&mut self, kind: ContextKind, at: usize, until: usize) {
        if let Some(block) = self.blocks.get(at) {
            let text = self.text(at).to_owned();
            self.push(kind, block.start, block.end, until, &text);
        }
    }

    fn push(&mut self, kind: ContextKind, start: usize, end: usize, until: usize, text: &str) {
        let carried = text.chars().count() <= MAX_LINE_CHARS;
        self.lines.push(ContextLine {
            kind,
            start: offset(start),
            end: offset(end),
            until: offset(until),
            text: if carried { text } else { "" }.to_owned(),
        });
    }
}

fn offset(chars: usize) -> i32 {
    i32::try_from(chars).unwrap_or(i32::MAX)
}
