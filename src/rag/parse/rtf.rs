//! RTF: paragraphs, headings, lists and tables, in the encoding of each font.

use std::collections::HashMap;

use super::builder::Builder;
use super::flow::Flow;
use super::note::Note;
use super::rtf_fonts::{FontEncoding, Fonts, of_code_page};
use super::rtf_table::RtfTable;
use super::rtf_tokens::{Token, Tokens};
use super::rtf_words::{Destination, Properties, destination, heading_of, sign};
use super::shift::{Shift, shifted};
use super::symbol::symbol;
use super::table::Cell;
use super::{BlockKind, ParseError, ParseLimits, ParsedDocument};

/// The most groups inside each other.
const MAX_DEPTH: usize = 4_096;
/// One character in as many may be unreadable; with more of them the text is refused.
const MAX_DAMAGE: usize = 50;

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut reader = RtfReader::new(limits);
    for token in Tokens::of(bytes) {
        reader.token(token)?;
    }
    if !reader.groups.is_empty() {
        return Err(ParseError::Damaged);
    }
    reader.end_paragraph()?;
    reader.end_table()?;
    for note in std::mem::take(&mut reader.notes) {
        reader.flow.push(BlockKind::Paragraph, 0, &note)?;
    }
    let title = Some(reader.title)
        .filter(|title| !title.trim().is_empty())
        .or_else(|| reader.flow.builder.first_heading());
    let mut document = reader.flow.builder.finish(title.as_deref())?;
    let damaged = document.text.chars().filter(|c| *c == '\u{FFFD}').count();
    if damaged > 1 && damaged * MAX_DAMAGE > document.text.chars().count() {
        return Err(ParseError::Unreadable);
    }
    if damaged > 0 {
        document.notes.push(Note::Damaged {
            characters: damaged,
        });
    }
    Ok(document)
}

/// The state that a group restores at its end.
#[derive(Clone, Copy, Default)]
struct Group {
    destination: Destination,
    font: Option<i32>,
    /// How many characters stand for those programs that know no Unicode.
    fallback: usize,
    shift: Option<Shift>,
    is_hidden: bool,
    is_deleted: bool,
    /// Whether the next control word names a destination that may be unknown.
    is_optional: bool,
}

struct RtfReader {
    flow: Flow,
    groups: Vec<Group>,
    group: Group,
    page: FontEncoding,
    default_font: i32,
    fonts: Fonts,
    /// The heading of each style, and the style that the style sheet is at.
    styles: HashMap<i32, u8>,
    style: i32,
    style_name: String,
    title: String,
    /// Bytes that wait to be decoded together, because a character may have two.
    pending: Vec<u8>,
    /// The first half of a character that `\u` writes in two.
    high: Option<u16>,
    /// Characters still to be left out after `\u`.
    to_skip: usize,
    text: String,
    marker: String,
    properties: Properties,
    cell: Cell,
    table: RtfTable,
    footnote: String,
    notes: Vec<String>,
}

impl RtfReader {
    fn new(limits: &ParseLimits) -> Self {
        Self {
            flow: Flow::new(Builder::new(limits)),
            groups: Vec::new(),
            group: Group {
                fallback: 1,
                ..Group::default()
            },
            page: of_code_page(1252),
            default_font: 0,
            fonts: Fonts::default(),
            styles: HashMap::new(),
            style: 0,
            style_name: String::new(),
            title: String::new(),
            pending: Vec::new(),
            high: None,
            to_skip: 0,
            text: String::new(),
            marker: String::new(),
            properties: Properties::default(),
            cell: Cell::default(),
            table: RtfTable::default(),
            footnote: String::new(),
            notes: Vec::new(),
        }
    }

    fn token(&mut self, token: Token<'_>) -> Result<(), ParseError> {
        match token {
            Token::Byte(byte) => {
                if self.to_skip > 0 {
                    self.to_skip -= 1;
                } else {
                    self.byte(byte);
                }
            }
            Token::Open => {
                self.flush();
                self.to_skip = 0;
                if self.groups.len() >= MAX_DEPTH {
                    return Err(ParseError::TooDeep { most: MAX_DEPTH });
                }
                self.groups.push(self.group);
                self.group.is_optional = false;
            }
            Token::Close => {
                self.flush();
                self.to_skip = 0;
                // Some programs close one group too many.
                let Some(outer) = self.groups.pop() else {
                    return Ok(());
                };
                self.end_group(outer.destination);
                self.group = outer;
            }
            Token::Control(word, number) => {
                if self.to_skip > 0 && word != "u" {
                    self.to_skip -= 1;
                    return Ok(());
                }
                self.flush_unless(word == "u");
                self.control(word, number)?;
            }
        }
        Ok(())
    }

    fn byte(&mut self, byte: u8) {
        match self.group.destination {
            Destination::Skipped => {}
            Destination::FontTable => self.fonts.byte(byte),
            Destination::StyleSheet => {
                if self.style_name.len() < 64 {
                    self.style_name.push(char::from(byte));
                }
            }
            _ => self.pending.push(byte),
        }
    }

    /// The end of a group that began with a destination of its own.
    fn end_group(&mut self, outer: Destination) {
        match self.group.destination {
            Destination::FontTable => self.fonts.finish(),
            Destination::StyleSheet => self.end_style(),
            Destination::Footnote if outer != Destination::Footnote => {
                self.notes.push(std::mem::take(&mut self.footnote));
            }
            _ => {}
        }
    }

    fn end_style(&mut self) {
        let name = std::mem::take(&mut self.style_name).to_ascii_lowercase();
        if let Some(level) = heading_of(name.trim().trim_end_matches(';')) {
            self.styles.insert(self.style, level);
        }
        self.style = 0;
    }

    /// Decodes the bytes that wait.
    fn flush(&mut self) {
        self.flush_unless(false);
    }

    fn flush_unless(&mut self, half_follows: bool) {
        if !half_follows && self.high.take().is_some() {
            self.push_str("\u{FFFD}");
        }
        if self.pending.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.pending);
        let font = self.group.font.unwrap_or(self.default_font);
        let text = self.fonts.get(font).unwrap_or(self.page).decode(&bytes);
        let text = shifted(self.group.shift, &text);
        self.push_str(&text);
    }

    fn push_str(&mut self, text: &str) {
        if self.group.is_hidden || self.group.is_deleted {
            // Deleted text is not part of the document; hidden text may be.
            if self.group.is_hidden && self.group.destination == Destination::Body {
                self.flow.builder.hide(text);
            }
            return;
        }
        match self.group.destination {
            Destination::Body => self.text.push_str(text),
            Destination::Footnote => self.footnote.push_str(text),
            Destination::Marker => self.marker.push_str(text),
            Destination::Title => self.title.push_str(text),
            Destination::Skipped | Destination::FontTable | Destination::StyleSheet => {}
        }
    }

    fn control(&mut self, word: &str, number: Option<i32>) -> Result<(), ParseError> {
        if self.group.destination == Destination::Skipped {
            return Ok(());
        }
        if std::mem::take(&mut self.group.is_optional)
            && !matches!(word, "shpinst" | "ud" | "footnote" | "pntext" | "listtext")
        {
            self.group.destination = Destination::Skipped;
            return Ok(());
        }
        if let Some(destination) = destination(word) {
            self.group.destination = destination;
            return Ok(());
        }
        match self.group.destination {
            Destination::FontTable => self.fonts.control(word, number),
            Destination::StyleSheet => match (word, number) {
                ("s", Some(style)) => self.style = style,
                ("cs" | "ds" | "ts", _) => self.style = -1,
                _ => {}
            },
            _ => self.format(word, number)?,
        }
        Ok(())
    }

    fn format(&mut self, word: &str, number: Option<i32>) -> Result<(), ParseError> {
        let on = number != Some(0);
        if let Some(sign) = sign(word) {
            self.push_str(sign);
            return Ok(());
        }
        if self.group.destination == Destination::Body && self.table.control(word, number) {
            return Ok(());
        }
        match word {
            "*" => self.group.is_optional = true,
            "ansicpg" => self.page = of_code_page(number.unwrap_or(0)),
            "mac" => self.page = of_code_page(10_000),
            "pc" | "pca" => self.page = FontEncoding::Unknown,
            "deff" => self.default_font = number.unwrap_or(0),
            "f" => self.group.font = number,
            "uc" => {
                let count = number.and_then(|n| usize::try_from(n).ok());
                self.group.fallback = count.unwrap_or(1).min(16);
            }
            "u" => self.unicode(number.unwrap_or(0)),
            "super" if on => self.group.shift = Some(Shift::Up),
            "sub" if on => self.group.shift = Some(Shift::Down),
            "super" | "sub" | "nosupersub" => self.group.shift = None,
            "v" => self.group.is_hidden = on,
            "deleted" => self.group.is_deleted = on,
            "plain" => {
                self.group.is_hidden = false;
                self.group.font = None;
                self.group.shift = None;
            }
            "pard" => self.properties = Properties::default(),
            "s" => self.properties.style = number,
            "outlinelevel" => {
                let level = number.and_then(|n| u8::try_from(n).ok());
                self.properties.outline = level.filter(|l| *l < 9).map(|l| l + 1);
            }
            "intbl" => self.properties.in_table = true,
            "ls" => self.properties.list = number.is_some_and(|n| n > 0),
            "ilvl" => {
                let level = number.and_then(|n| usize::try_from(n).ok());
                self.properties.level = level.unwrap_or(0).min(9);
            }
            "par" | "sect" | "page" | "column" => self.end_paragraph()?,
            "cell" => {
                self.end_cell_paragraph();
                self.table.end_cell(std::mem::take(&mut self.cell));
            }
            "row" => {
                self.table.end_row();
                self.marker.clear();
            }
            "nestcell" => self.push_str("; "),
            _ => {}
        }
        Ok(())
    }

    /// Reads a character that is written as a number. One beyond the first 65,536 comes in two.
    fn unicode(&mut self, number: i32) {
        self.to_skip = self.group.fallback;
        let Ok(unit) = u16::try_from(number.rem_euclid(65_536)) else {
            return;
        };
        let font = self.group.font.unwrap_or(self.default_font);
        let c = match (self.high.take(), unit) {
            (None, 0xD800..=0xDBFF) => {
                self.high = Some(unit);
                return;
            }
            (Some(high), _) => char::decode_utf16([high, unit]).next().and_then(Result::ok),
            // A sign of the font Symbol, which has no characters of its own.
            (None, 0xF020..=0xF0FF) if self.fonts.get(font) == Some(FontEncoding::Symbol) => {
                u8::try_from(unit & 0xFF).ok().map(symbol)
            }
            (None, 0xE000..=0xF8FF) => None,
            (None, unit) => char::from_u32(unit.into()),
        };
        let c = c.unwrap_or('\u{FFFD}');
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    fn end_paragraph(&mut self) -> Result<(), ParseError> {
        self.flush();
        match self.group.destination {
            Destination::Footnote => {
                self.footnote.push('\n');
                return Ok(());
            }
            Destination::Body => {}
            _ => return Ok(()),
        }
        if self.properties.in_table {
            self.end_cell_paragraph();
            return Ok(());
        }
        self.end_table()?;
        let (kind, depth, text) = self.block();
        self.flow.push(kind, depth, &text)
    }

    fn end_cell_paragraph(&mut self) {
        let (kind, depth, text) = self.block();
        self.cell.add(kind, depth, text.trim().to_owned());
    }

    fn end_table(&mut self) -> Result<(), ParseError> {
        if self.table.is_empty() {
            return Ok(());
        }
        self.table.finish(&mut self.flow)
    }

    /// Takes the paragraph that ended as a block.
    fn block(&mut self) -> (BlockKind, usize, String) {
        let text = std::mem::take(&mut self.text);
        let marker = std::mem::take(&mut self.marker);
        let style = self
            .properties
            .style
            .and_then(|style| self.styles.get(&style));
        if let Some(level) = self.properties.outline.or(style.copied()) {
            return (BlockKind::Heading(level), 0, text);
        }
        let marker = marker.trim();
        if text.trim().is_empty() || (marker.is_empty() && !self.properties.list) {
            return (BlockKind::Paragraph, 0, text);
        }
        let is_number = marker.chars().any(char::is_alphanumeric);
        let marker = if is_number { marker } else { "-" };
        let text = format!("{marker} {}", text.trim_start());
        (BlockKind::ListItem, self.properties.level + 1, text)
    }
}
