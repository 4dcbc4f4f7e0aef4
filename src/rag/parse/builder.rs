//! Assembles text and blocks, so that offsets and normalisation are in one place.

use super::{Block, BlockKind, ParseError, ParseLimits, ParsedDocument, Warning};

/// Marks the start of a new page inside a block's content.
pub(super) const PAGE_MARK: char = '\u{000C}';

const MAX_TITLE_CHARS: usize = 300;

/// Collects blocks in reading order.
pub(super) struct Builder {
    text: String,
    chars: usize,
    blocks: Vec<Block>,
    pages: Vec<usize>,
    depth: u8,
    /// Whether the next block stands apart from the one before it.
    apart: bool,
    /// The words that a reader does not see.
    hidden: usize,
    max_bytes: usize,
    max_blocks: usize,
    max_pages: usize,
}

impl Builder {
    pub(super) fn new(limits: &ParseLimits) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            blocks: Vec::new(),
            pages: Vec::new(),
            depth: 0,
            apart: false,
            hidden: 0,
            max_bytes: limits.max_text_bytes,
            max_blocks: limits.max_blocks,
            max_pages: limits.max_pages,
        }
    }

    /// Declares that the format has pages, and that the first one starts at the first character.
    pub(super) fn start_pages(&mut self) {
        if self.pages.is_empty() {
            self.pages.push(0);
        }
    }

    /// Sets how many lists contain the next blocks.
    pub(super) fn nest(&mut self, lists: usize) {
        self.depth = u8::try_from(lists).unwrap_or(u8::MAX);
    }

    /// Separates the next block from the one before it, so that two tables or two lists remain two.
    pub(super) fn stand_apart(&mut self) {
        self.apart = true;
    }

    /// Starts a new page with the next block.
    pub(super) fn break_page(&mut self) {
        self.break_page_at(self.chars);
    }

    fn break_page_at(&mut self, offset: usize) {
        self.start_pages();
        self.pages.push(offset);
    }

    /// Adds a block. In prose, runs of white space become one space, and line feeds stay as line
    /// breaks; in code all white space matters.
    pub(super) fn push(&mut self, kind: BlockKind, content: &str) -> Result<(), ParseError> {
        if kind == BlockKind::Code {
            return self.push_verbatim(content);
        }
        let (content, marks) = prose(content);
        self.append(kind, &content, &marks)
    }

    fn push_verbatim(&mut self, content: &str) -> Result<(), ParseError> {
        let kept: String = unix_lines(content).filter(|c| !is_dropped(*c)).collect();
        let kept = kept.trim_end();
        let blank = kept.len() - kept.trim_start().len();
        let first = kept
            .get(..blank)
            .and_then(|lead| lead.rfind('\n'))
            .map_or(0, |at| at + 1);
        self.append(BlockKind::Code, kept.get(first..).unwrap_or_default(), &[])
    }

    /// Counts the words of text that a reader does not see.
    pub(super) fn hide(&mut self, text: &str) {
        self.hide_words(text.split_whitespace().count());
    }

    pub(super) fn hide_words(&mut self, words: usize) {
        self.hidden += words;
    }

    /// Adds the blocks of a document that is a part of this one.
    pub(super) fn append_document(&mut self, part: &ParsedDocument) -> Result<(), ParseError> {
        let mut chars = part.text.chars();
        let mut at = 0;
        self.stand_apart();
        let hidden = part.warnings.iter().map(|warning| match warning {
            Warning::Hidden { words } => *words,
            Warning::Pages { .. } | Warning::Passages { .. } => 0,
        });
        self.hidden += hidden.sum::<usize>();
        for block in &part.blocks {
            let gap: String = chars.by_ref().take(block.start - at).collect();
            if gap.contains("\n\n") {
                self.stand_apart();
            }
            let content: String = chars.by_ref().take(block.end - block.start).collect();
            at = block.end;
            self.depth = block.depth;
            self.append(block.kind, &content, &[])?;
        }
        self.stand_apart();
        Ok(())
    }

    fn append(
        &mut self,
        kind: BlockKind,
        content: &str,
        marks: &[usize],
    ) -> Result<(), ParseError> {
        if content.trim().is_empty() {
            for _ in marks {
                self.break_page();
            }
            return Ok(());
        }
        let separator = self.separator(kind);
        if self.text.len() + separator.len() + content.len() > self.max_bytes
            || self.blocks.len() >= self.max_blocks
        {
            return Err(ParseError::TooLarge);
        }
        self.apart = false;
        let before = self.chars;
        self.text.push_str(separator);
        let start = self.chars + separator.len();
        self.text.push_str(content);
        self.chars = start + content.chars().count();
        for mark in marks {
            // A break before the first word goes before the separator, like any other break.
            self.break_page_at(if *mark == 0 { before } else { start + mark });
        }
        self.blocks.push(Block {
            kind,
            depth: if kind == BlockKind::ListItem {
                self.depth
            } else {
                0
            },
            start,
            end: self.chars,
        });
        Ok(())
    }

    fn separator(&self, kind: BlockKind) -> &'static str {
        let Some(last) = self.blocks.last() else {
            return "";
        };
        let tight = match (last.kind, kind) {
            _ if self.apart => false,
            (BlockKind::ListItem, BlockKind::ListItem)
            | (
                BlockKind::TableHeader | BlockKind::TableRow,
                BlockKind::TableHeader | BlockKind::TableRow,
            )
            | (
                BlockKind::Caption,
                BlockKind::TableHeader | BlockKind::TableRow | BlockKind::ListItem,
            ) => true,
            (BlockKind::Paragraph, BlockKind::ListItem) => self.text.ends_with(':'),
            _ => false,
        };
        if tight { "\n" } else { "\n\n" }
    }

    /// The text of the first heading, as the title of a document without one.
    pub(super) fn first_heading(&self) -> Option<String> {
        let block = self
            .blocks
            .iter()
            .take(20)
            .find(|b| matches!(b.kind, BlockKind::Heading(_)))?;
        crate::domain::text::slice_chars(&self.text, block.start, block.end).map(str::to_owned)
    }

    pub(super) fn finish(self, title: Option<&str>) -> Result<ParsedDocument, ParseError> {
        if self.blocks.is_empty() {
            return Err(ParseError::Empty);
        }
        if self.pages.len() > self.max_pages {
            return Err(ParseError::TooLarge);
        }
        Ok(ParsedDocument {
            title: title.and_then(title_text),
            text: self.text,
            blocks: self.blocks,
            pages: self.pages,
            warnings: Warning::of_hidden(self.hidden, 0).into_iter().collect(),
            notes: Vec::new(),
        })
    }
}

/// Shortens a title to one line of at most 300 chars; `None` if nothing is left.
fn title_text(raw: &str) -> Option<String> {
    let (clean, _) = prose(raw);
    let line: String = clean
        .chars()
        .map(|c| if c == '\n' { ' ' } else { c })
        .take(MAX_TITLE_CHARS)
        .collect();
    (!line.is_empty()).then_some(line)
}

/// Returns normalised prose, and the char offsets in it where pages start.
fn prose(content: &str) -> (String, Vec<usize>) {
    let mut out = String::with_capacity(content.len());
    let mut chars = 0;
    let mut marks = Vec::new();
    let mut pending = None;
    for c in unix_lines(content) {
        if c == PAGE_MARK {
            marks.push(chars);
            pending = pending.or(Some(' '));
        } else if c.is_whitespace() {
            let line_end = matches!(c, '\n' | '\u{2028}' | '\u{2029}' | '\u{0085}');
            pending = Some(if line_end || pending == Some('\n') {
                '\n'
            } else {
                ' '
            });
        } else if !is_dropped(c) {
            if let Some(space) = pending.take()
                && !out.is_empty()
            {
                out.push(space);
                chars += 1;
            }
            out.push(c);
            chars += 1;
        }
    }
    (out, marks)
}

/// Whether a character carries no text: controls (NUL must never reach the database), soft hyphens,
/// zero-width spaces, byte order marks.
fn is_dropped(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Iterates over the chars, with CRLF and CR as LF.
fn unix_lines(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        if c != '\r' {
            return Some(c);
        }
        chars.next_if_eq(&'\n');
        Some('\n')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_keeps_words_and_line_breaks_only() {
        let (text, marks) = prose(" a \u{a0}b\0\u{ad}c \r\n d\u{c}e");
        assert_eq!(text, "a bc\nd e");
        assert_eq!(marks, [6]);
    }

    #[test]
    fn blocks_point_at_their_text() {
        let mut builder = Builder::new(&ParseLimits::default());
        builder.push(BlockKind::Paragraph, "Öl:").unwrap();
        builder.push(BlockKind::ListItem, "- eins").unwrap();
        builder.push(BlockKind::Code, "\n\n  x = 1\n  y\n").unwrap();
        let doc = builder.finish(Some(" A\nB ")).unwrap();
        assert_eq!(doc.text, "Öl:\n- eins\n\n  x = 1\n  y");
        assert_eq!(doc.title.as_deref(), Some("A B"));
        assert_eq!((doc.blocks[1].start, doc.blocks[1].end), (4, 10));
    }
}
