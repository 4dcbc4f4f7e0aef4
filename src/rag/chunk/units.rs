//! The pieces of which chunks are made: sentences, list items, table rows.

use std::ops::Range;

use crate::language::sentences::sentence_bounds;
use crate::rag::parse::{BlockKind, ParsedDocument};

/// The most chars per allowed token in a piece. The embedding model's tokenizer counts an endless
/// word as one token, so tokens alone are no bound.
const MAX_CHARS_PER_TOKEN: usize = 12;

/// How well a chunk may end before a unit, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    /// Cut here only if nothing else keeps the chunk short enough.
    Never,
    Word,
    Sentence,
    Item,
    Block,
    Section,
}

/// A piece of text that stays whole.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Char offsets into the document's text.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) bytes: Range<usize>,
    pub(super) tokens: usize,
    pub(super) cut: Cut,
    pub(super) section: usize,
    pub(super) is_heading: bool,
    /// Marks a whole sentence of running text, which the next chunk may repeat.
    pub(super) is_prose: bool,
}

struct Section {
    /// The heading's level; 0 for the text before the first heading.
    level: u8,
    parent: Option<usize>,
    heading: Range<usize>,
    tokens: usize,
}

/// The document as units in sections.
pub(super) struct Outline {
    pub(super) units: Vec<Unit>,
    sections: Vec<Section>,
}

impl Outline {
    pub(super) fn level(&self, section: usize) -> u8 {
        self.sections.get(section).map_or(0, |s| s.level)
    }

    pub(super) fn section_tokens(&self, section: usize) -> usize {
        self.sections.get(section).map_or(0, |s| s.tokens)
    }

    /// The section and its ancestors, outermost first, without the part before all headings.
    pub(super) fn path(&self, section: usize) -> Vec<usize> {
        let mut path = Vec::new();
        let mut at = Some(section);
        while let Some(id) = at {
            let Some(section) = self.sections.get(id).filter(|s| s.level > 0) else {
                break;
            };
            path.push(id);
            at = section.parent;
        }
        path.reverse();
        path
    }

    pub(super) fn heading<'a>(&self, doc: &'a ParsedDocument, section: usize) -> Option<&'a str> {
        doc.text.get(self.sections.get(section)?.heading.clone())
    }
}

/// Splits the document. It counts the tokens of each sentence once, and those of a long sentence's
/// words once more.
pub(super) fn outline(
    doc: &ParsedDocument,
    max_tokens: usize,
    count_tokens: &dyn Fn(&str) -> usize,
) -> Outline {
    let mut splitter = Splitter {
        text: &doc.text,
        max_tokens,
        max_chars: max_tokens.saturating_mul(MAX_CHARS_PER_TOKEN),
        count_tokens,
        at: Position::default(),
        previous: None,
        outline: Outline {
            units: Vec::new(),
            sections: vec![Section {
                level: 0,
                parent: None,
                heading: 0..0,
                tokens: 0,
            }],
        },
    };
    for block in &doc.blocks {
        splitter.gap(block.start);
        splitter.block(block.kind, block.end);
    }
    splitter.gap(usize::MAX);
    splitter.outline
}

/// A position in the text, in chars and in bytes.
#[derive(Clone, Copy, Default)]
struct Position {
    chars: usize,
    bytes: usize,
}

struct Splitter<'a> {
    text: &'a str,
    max_tokens: usize,
    max_chars: usize,
    count_tokens: &'a dyn Fn(&str) -> usize,
    at: Position,
    /// The last block with text, and whether it leads into the next one.
    previous: Option<(BlockKind, bool)>,
    outline: Outline,
}

impl<'a> Splitter<'a> {
    /// Moves to a char offset and returns the text in between.
    fn advance(&mut self, chars: usize) -> (Position, &'a str) {
        let from = self.at;
        let rest = self.text.get(from.bytes..).unwrap_or_default();
        let wanted = chars.saturating_sub(from.chars);
        let mut passed = 0;
        let mut bytes = rest.len();
        for (at, _) in rest.char_indices() {
            if passed == wanted {
                bytes = at;
                break;
            }
            passed += 1;
        }
        self.at = Position {
            chars: from.chars + passed,
            bytes: from.bytes + bytes,
        };
        (from, rest.get(..bytes).unwrap_or_default())
    }

    /// Treats text outside every block as a paragraph; the parsers leave only white space there.
    fn gap(&mut self, until: usize) {
        let (from, text) = self.advance(until);
        if !text.trim().is_empty() {
            self.split(BlockKind::Paragraph, from, text);
        }
    }

    fn block(&mut self, kind: BlockKind, end: usize) {
        let (from, text) = self.advance(end);
        if text.trim().is_empty() {
            return;
        }
        if let BlockKind::Heading(level) = kind {
            self.open_section(level.max(1), from.bytes..from.bytes + text.len());
        }
        self.split(kind, from, text);
    }

    fn open_section(&mut self, level: u8, heading: Range<usize>) {
        let sections = &mut self.outline.sections;
        let mut parent = sections.len().checked_sub(1);
        while let Some(above) = parent.and_then(|id| sections.get(id))
            && above.level >= level
        {
            parent = above.parent;
        }
        sections.push(Section {
            level,
            parent,
            heading,
            tokens: 0,
        });
    }

    fn split(&mut self, kind: BlockKind, from: Position, text: &str) {
        let mut cut = self.cut_before(kind);
        let pieces = match kind {
            BlockKind::Code => line_bounds(text),
            BlockKind::TableHeader | BlockKind::TableRow if self.fits(text).is_some() => {
                std::iter::once(0..text.len()).collect()
            }
            _ => sentence_bounds(text),
        };
        let mut at = from;
        for piece in pieces {
            let Some(piece) = text.get(piece) else {
                continue;
            };
            let trimmed = piece.trim();
            if !trimmed.is_empty() {
                let start = after(at, leading_space(piece));
                if let Some(tokens) = self.fits(trimmed) {
                    self.push(kind, start, trimmed, tokens, cut);
                } else {
                    let first = self.outline.units.len();
                    self.split_words(kind, start, trimmed, cut);
                    for fragment in self.outline.units.iter_mut().skip(first) {
                        fragment.is_prose = false;
                    }
                }
                cut = Cut::Sentence;
            }
            at = after(at, piece);
        }
        let leads = matches!(
            kind,
            BlockKind::Heading(_) | BlockKind::Caption | BlockKind::TableHeader
        ) || text.trim_end().ends_with(':');
        self.previous = Some((kind, leads));
    }

    /// The tokens of a piece that may stay whole.
    fn fits(&self, piece: &str) -> Option<usize> {
        if piece.len() > self.max_chars && piece.chars().count() > self.max_chars {
            return None;
        }
        let tokens = (self.count_tokens)(piece).max(1);
        (tokens <= self.max_tokens).then_some(tokens)
    }

    fn cut_before(&self, kind: BlockKind) -> Cut {
        let listed = matches!(
            kind,
            BlockKind::ListItem | BlockKind::Caption | BlockKind::TableHeader | BlockKind::TableRow
        );
        match self.previous {
            _ if matches!(kind, BlockKind::Heading(_)) => Cut::Section,
            Some((BlockKind::Heading(_), _)) => Cut::Never,
            Some((BlockKind::Paragraph | BlockKind::Caption, true)) if listed => Cut::Never,
            Some((BlockKind::TableHeader, _)) if kind == BlockKind::TableRow => Cut::Never,
            Some((before, _)) if listed && before == kind => Cut::Item,
            _ => Cut::Block,
        }
    }

    fn push(&mut self, kind: BlockKind, start: Position, text: &str, tokens: usize, cut: Cut) {
        let section = self.outline.sections.len() - 1;
        if let Some(section) = self.outline.sections.last_mut() {
            section.tokens += tokens;
        }
        let end = after(start, text);
        self.outline.units.push(Unit {
            start: start.chars,
            end: end.chars,
            bytes: start.bytes..end.bytes,
            tokens,
            cut,
            section,
            is_heading: matches!(kind, BlockKind::Heading(_)),
            is_prose: kind == BlockKind::Paragraph,
        });
    }

    /// Packs words into units that are as long as possible.
    fn split_words(&mut self, kind: BlockKind, from: Position, text: &str, first: Cut) {
        let mut cut = first;
        let mut at = from;
        // The collected words: their start, the length of their text, and their tokens.
        let mut open: Option<(Position, usize, usize)> = None;
        for piece in text.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            let start = at;
            at = after(at, piece);
            if word.is_empty() {
                continue;
            }
            let tokens = self.fits(word);
            if let Some((begin, bytes, so_far)) = open {
                let joined = start.bytes + word.len() - begin.bytes;
                match tokens {
                    Some(t) if so_far + t <= self.max_tokens && joined <= self.max_chars => {
                        open = Some((begin, joined, so_far + t));
                        continue;
                    }
                    _ => {
                        self.push_slice(kind, begin, bytes, so_far, cut);
                        cut = Cut::Word;
                    }
                }
            }
            open = tokens.map(|t| (start, word.len(), t));
            if tokens.is_none() {
                self.split_chars(kind, start, word, cut);
                cut = Cut::Word;
            }
        }
        if let Some((begin, bytes, tokens)) = open {
            self.push_slice(kind, begin, bytes, tokens, cut);
        }
    }

    fn push_slice(
        &mut self,
        kind: BlockKind,
        begin: Position,
        bytes: usize,
        tokens: usize,
        cut: Cut,
    ) {
        if let Some(text) = self.text.get(begin.bytes..begin.bytes + bytes) {
            self.push(kind, begin, text, tokens, cut);
        }
    }

    /// Cuts an endless word into pieces of at most as many chars as tokens are allowed.
    fn split_chars(&mut self, kind: BlockKind, from: Position, word: &str, first: Cut) {
        let mut cut = first;
        let mut at = from;
        let mut rest = word;
        while !rest.is_empty() {
            let mut length = self.max_tokens.max(1);
            let (piece, tokens) = loop {
                let bytes = rest
                    .char_indices()
                    .nth(length)
                    .map_or(rest.len(), |(at, _)| at);
                let piece = rest.get(..bytes).unwrap_or(rest);
                match self.fits(piece) {
                    Some(tokens) => break (piece, tokens),
                    None if length > 1 => length /= 2,
                    None => break (piece, self.max_tokens),
                }
            };
            self.push(kind, at, piece, tokens, cut);
            cut = Cut::Word;
            at = after(at, piece);
            rest = rest.get(piece.len()..).unwrap_or_default();
        }
    }
}

fn after(at: Position, text: &str) -> Position {
    Position {
        chars: at.chars + text.chars().count(),
        bytes: at.bytes + text.len(),
    }
}

fn leading_space(piece: &str) -> &str {
    piece
        .get(..piece.len() - piece.trim_start().len())
        .unwrap_or_default()
}

fn line_bounds(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let from = at;
            at += line.len();
            from..at
        })
        .collect()
}
