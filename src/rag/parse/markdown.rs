//! Markdown (`CommonMark` with tables, footnotes and task lists).

use pulldown_cmark::{Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::builder::Builder;
use super::table::{Cell, Row, Table};
use super::{BlockKind, ParseError, ParseLimits, ParsedDocument, html};
use crate::domain::text::slice_chars;

pub(super) fn parse(text: &str, limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = MarkdownReader {
        builder: Builder::new(limits),
        inline: String::new(),
        lists: Vec::new(),
        prefix: None,
        table: None,
        mode: Mode::Prose,
        title: None,
        limits: *limits,
    };
    for event in Parser::new_ext(text, options) {
        reader.event(event)?;
    }
    reader.flush(BlockKind::Paragraph)?;
    let title = reader.title.or_else(|| reader.builder.first_heading());
    reader.builder.finish(title.as_deref())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Prose,
    Code,
    Html,
    Metadata,
}

struct MarkdownReader {
    builder: Builder,
    /// The text of the open block.
    inline: String,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// The marker of the item that has just begun.
    prefix: Option<String>,
    /// The open table.
    table: Option<Table>,
    mode: Mode,
    title: Option<String>,
    limits: ParseLimits,
}

impl MarkdownReader {
    fn event(&mut self, event: Event<'_>) -> Result<(), ParseError> {
        match event {
            Event::Start(tag) => return self.start(tag),
            Event::End(tag) => return self.end(tag),
            Event::Text(text)
            | Event::Code(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::Html(text) => self.inline.push_str(&text),
            Event::InlineHtml(tag) => {
                if tag.to_ascii_lowercase().starts_with("<br") {
                    self.inline.push('\n');
                }
            }
            Event::FootnoteReference(name) => {
                self.inline.push('[');
                self.inline.push_str(&name);
                self.inline.push(']');
            }
            Event::SoftBreak => self.inline.push(' '),
            Event::HardBreak => self.inline.push('\n'),
            Event::Rule => return self.flush(BlockKind::Paragraph),
            Event::TaskListMarker(done) => self.inline.push_str(if done { "[x] " } else { "[ ] " }),
        }
        Ok(())
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<(), ParseError> {
        match tag {
            Tag::Item => {
                self.flush(BlockKind::ListItem)?;
                self.prefix = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let prefix = format!("{number}. ");
                        *number = number.saturating_add(1);
                        prefix
                    }
                    _ => "- ".to_owned(),
                });
            }
            Tag::List(first) => {
                self.flush(self.prose_kind())?;
                self.lists.push(first);
            }
            Tag::Heading { .. } | Tag::Paragraph => self.flush(self.prose_kind())?,
            Tag::Table(_) => {
                self.flush(self.prose_kind())?;
                self.table = Some(Table {
                    headers_known: true,
                    ..Table::default()
                });
            }
            Tag::TableHead => self.begin_row(true),
            Tag::TableRow => self.begin_row(false),
            Tag::FootnoteDefinition(name) => {
                self.flush(self.prose_kind())?;
                self.prefix = Some(format!("[{name}] "));
            }
            Tag::CodeBlock(_) => self.enter(Mode::Code)?,
            Tag::HtmlBlock => self.enter(Mode::Html)?,
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle) => self.enter(Mode::Metadata)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), ParseError> {
        match tag {
            TagEnd::Heading(level) => self.flush(BlockKind::Heading(level as u8)),
            TagEnd::Item => {
                self.flush(BlockKind::ListItem)?;
                self.prefix = None;
                Ok(())
            }
            TagEnd::List(_) => {
                self.lists.pop();
                Ok(())
            }
            TagEnd::TableCell => {
                let text = std::mem::take(&mut self.inline);
                let row = self.table.as_mut().and_then(|table| table.rows.last_mut());
                if let Some(row) = row {
                    row.cells.push(Cell::of(text));
                }
                Ok(())
            }
            TagEnd::Table => self
                .table
                .take()
                .map_or(Ok(()), |table| table.write(&mut self.builder)),
            TagEnd::Paragraph => self.flush(self.prose_kind()),
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => self.leave(),
            _ => Ok(()),
        }
    }

    fn begin_row(&mut self, is_header: bool) {
        if let Some(table) = &mut self.table {
            table.rows.push(Row {
                cells: Vec::new(),
                is_header,
            });
        }
    }

    fn enter(&mut self, mode: Mode) -> Result<(), ParseError> {
        self.flush(self.prose_kind())?;
        self.mode = mode;
        Ok(())
    }

    fn leave(&mut self) -> Result<(), ParseError> {
        let content = std::mem::take(&mut self.inline);
        match std::mem::replace(&mut self.mode, Mode::Prose) {
            Mode::Code => self.builder.push(BlockKind::Code, &content),
            Mode::Html => self.html(&content),
            Mode::Metadata => {
                self.title = front_matter_title(&content);
                Ok(())
            }
            Mode::Prose => Ok(()),
        }
    }

    /// Reads an HTML block as a page of its own.
    fn html(&mut self, content: &str) -> Result<(), ParseError> {
        let html::Page { document, hidden } = html::read(content, &self.limits)?;
        self.builder.hide_words(hidden);
        let page = match document {
            Ok(page) => page,
            Err(ParseError::Empty) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.builder.stand_apart();
        for block in page.blocks {
            let text = slice_chars(&page.text, block.start, block.end).unwrap_or_default();
            let kind = match block.kind {
                BlockKind::Paragraph => self.prose_kind(),
                kind => kind,
            };
            self.builder
                .nest(self.lists.len() + usize::from(block.depth));
            self.builder.push(kind, text)?;
        }
        self.builder.stand_apart();
        Ok(())
    }

    fn prose_kind(&self) -> BlockKind {
        if self.lists.is_empty() {
            BlockKind::Paragraph
        } else {
            BlockKind::ListItem
        }
    }

    fn flush(&mut self, kind: BlockKind) -> Result<(), ParseError> {
        let content = std::mem::take(&mut self.inline);
        if content.trim().is_empty() {
            return Ok(());
        }
        self.builder.nest(self.lists.len());
        match self.prefix.take() {
            Some(prefix) => self.builder.push(kind, &format!("{prefix}{content}")),
            None => self.builder.push(kind, &content),
        }
    }
}

/// Reads `title: …` from YAML front matter.
fn front_matter_title(yaml: &str) -> Option<String> {
    yaml.lines()
        .find_map(|line| line.strip_prefix("title:"))
        .map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_survives() {
        let doc = parse(
            "---\ntitle: \"Hand care\"\n---\n# Hands\n\nWash *often*, see [the page](http://x.y).\n\n\
             - one\n- two\n  1. deep\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx  = 1\n```\n\n\
             <div>raw <b>html</b></div>\n",
            &ParseLimits::default(),
        )
        .unwrap();
        assert_eq!(doc.title.as_deref(), Some("Hand care"));
        assert_eq!(
            doc.text,
            "Hands\n\nWash often, see the page.\n\n- one\n- two\n1. deep\n\na | b\n1 | 2\n\nx  = 1\n\n\
             raw html"
        );
        let kinds: Vec<_> = doc.blocks.iter().map(|b| b.kind).collect();
        assert_eq!(kinds[0], BlockKind::Heading(1));
        assert_eq!(kinds[4], BlockKind::ListItem);
        assert_eq!(kinds[5], BlockKind::TableHeader);
        assert_eq!(kinds[6], BlockKind::TableRow);
        assert_eq!(kinds[7], BlockKind::Code);
    }
}
