//! Word documents: a ZIP archive of XML parts.

use quick_xml::events::{BytesStart, Event};

use super::builder::{Builder, PAGE_MARK};
use super::docx_look::{Look, Sight};
use super::docx_styles::{Numbering, Styles, outline_level};
use super::flow::Flow;
use super::package::Package;
use super::shift::shifted;
use super::symbol::symbol;
use super::table::{Cell, Table};
use super::xml::{Events, attribute, is_on, number, resolve, text_of};
use super::{BlockKind, MediaType, ParseError, ParseLimits, ParsedDocument};

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, limits)?;
    let name = main_part(&mut package)?;
    let body = package.part(&name)?.ok_or(ParseError::Damaged)?;
    let styles = package.part("word/styles.xml")?;
    let numbering = package.part("word/numbering.xml")?;
    let mut reader = DocxReader::new(
        limits,
        Styles::read(styles.as_deref().unwrap_or_default())?,
        Numbering::read(numbering.as_deref().unwrap_or_default())?,
    );
    reader.read(&body)?;
    for notes in ["word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(xml) = package.part(notes)? {
            reader.read(&xml)?;
        }
    }
    let core = package.part("docProps/core.xml")?;
    let title = core
        .and_then(|xml| text_of(&xml, "title"))
        .or(reader.title)
        .or_else(|| reader.flow.builder.first_heading());
    reader.flow.builder.finish(title.as_deref())
}

fn main_part(package: &mut Package<'_>) -> Result<String, ParseError> {
    // Some programs number this part: word/document2.xml.
    let found = package
        .find("word/document.xml")
        .or_else(|| package.find_start("word/document"));
    match found {
        Some(name) => Ok(name),
        None => Err(package.mismatch(MediaType::Docx)),
    }
}

/// An open paragraph. Text boxes nest paragraphs inside paragraphs.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    outline: Option<u8>,
    list: Option<u32>,
    list_level: u32,
    /// The properties of the paragraph itself.
    look: Look,
    /// The text that nobody sees.
    hidden: String,
}

struct DocxReader {
    flow: Flow,
    styles: Styles,
    numbering: Numbering,
    title: Option<String>,
    paragraphs: Vec<Paragraph>,
    in_text: bool,
    in_properties: bool,
    sight: Sight,
    /// Word writes a rendered break after each explicit one; it counts as a page only after text.
    text_since_break: bool,
}

impl DocxReader {
    fn new(limits: &ParseLimits, styles: Styles, numbering: Numbering) -> Self {
        Self {
            flow: Flow::new(Builder::new(limits)),
            styles,
            numbering,
            title: None,
            paragraphs: Vec::new(),
            in_text: false,
            in_properties: false,
            sight: Sight::default(),
            text_since_break: false,
        }
    }

    fn read(&mut self, xml: &str) -> Result<(), ParseError> {
        let mut events = Events::of(xml);
        let mut closed = false;
        loop {
            match events.next(is_skipped)? {
                Event::Eof if closed => return Ok(()),
                Event::Eof => return Err(ParseError::Damaged),
                Event::Start(e) => self.open(&e),
                Event::Empty(e) => {
                    self.open(&e);
                    self.close(e.local_name().into_inner())?;
                }
                Event::End(e) => {
                    let name = e.local_name();
                    closed |= matches!(name.into_inner(), "document" | "footnotes" | "endnotes");
                    self.close(name.into_inner())?;
                }
                Event::Text(text) => self.text(&text.xml10_content()),
                Event::CData(text) => self.text(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    if let Some(c) = resolve(&reference) {
                        self.text(c.encode_utf8(&mut [0; 4]));
                    }
                }
                _ => {}
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_text && self.is_hidden() {
            self.paragraph().hidden.push_str(text);
        } else if self.in_text {
            self.text_since_break |= !text.trim().is_empty();
            // Removes form feeds, which would count as page marks.
            let text = shifted(self.sight.shift(), text);
            let plain = text
                .chars()
                .map(|c| if c.is_whitespace() { ' ' } else { c });
            self.paragraph().text.extend(plain);
        }
    }

    /// Whether the text of the open run cannot be seen.
    fn is_hidden(&self) -> bool {
        let Some(paragraph) = self.paragraphs.last() else {
            return false;
        };
        let (own, style) = (paragraph.look, paragraph.style.as_deref());
        let style = style.map(|id| self.styles.meaning(id).look);
        self.sight.hides(own.or(style.unwrap_or_default()))
    }

    fn paragraph(&mut self) -> &mut Paragraph {
        if self.paragraphs.is_empty() {
            self.paragraphs.push(Paragraph::default());
        }
        let last = self.paragraphs.len() - 1;
        #[expect(
            clippy::indexing_slicing,
            reason = "an element was pushed if there was none"
        )]
        &mut self.paragraphs[last]
    }

    fn open(&mut self, e: &BytesStart<'_>) {
        match e.local_name().into_inner() {
            "p" => self.paragraphs.push(Paragraph::default()),
            "pPr" => self.in_properties = true,
            "pStyle" => self.paragraph().style = attribute(e, "val"),
            "outlineLvl" => self.paragraph().outline = outline_level(e),
            "numId" => self.paragraph().list = number(e, "val"),
            "ilvl" => self.paragraph().list_level = number(e, "val").unwrap_or(0),
            "pageBreakBefore" if is_on(e) => self.break_page(false),
            "r" => self.sight.open_run(),
            "rStyle" if !self.in_properties => {
                let style = attribute(e, "val").map(|id| self.styles.meaning(&id).look);
                self.sight.style_run(style.unwrap_or_default());
            }
            "shd" if self.in_properties => self.paragraph().look.read(e),
            "vanish" | "color" | "sz" | "highlight" | "shd" | "vertAlign"
                if !self.in_properties =>
            {
                self.sight.read(e);
            }
            "txbxContent" => self.sight.open_box(),
            "t" => self.in_text = true,
            "tab" if !self.in_properties => self.paragraph().text.push(' '),
            "sym" => self.sign(e),
            "noBreakHyphen" => self.paragraph().text.push('-'),
            "br" if attribute(e, "type").as_deref() == Some("page") => self.break_page(true),
            "cr" | "br" => self.paragraph().text.push('\n'),
            "lastRenderedPageBreak" => self.break_page(false),
            "tbl" => {
                self.sight.open_area();
                self.flow.open_table(Table::default());
            }
            "tblStyle" => {
                let look = attribute(e, "val").map(|id| self.styles.meaning(&id).look);
                self.sight.shade(look.unwrap_or_default());
            }
            "tr" => self.flow.open_row(),
            "tblHeader" if is_on(e) => self.flow.mark_header(),
            "gridBefore" => {
                self.flow.open_cell(Cell {
                    columns: columns(e),
                    ..Cell::default()
                });
                self.flow.close_cell();
            }
            "tc" => {
                self.sight.open_area();
                self.flow.open_cell(Cell::default());
            }
            "gridSpan" => self.flow.change_cell(|cell| cell.columns = columns(e)),
            "vMerge" => {
                let begins = attribute(e, "val").as_deref() == Some("restart");
                self.flow.change_cell(|cell| cell.continues = !begins);
            }
            _ => {}
        }
    }

    /// Adds a sign of a font whose signs have no characters of their own.
    fn sign(&mut self, e: &BytesStart<'_>) {
        let code = attribute(e, "char").and_then(|hex| u16::from_str_radix(&hex, 16).ok());
        // Files add 0xF000 to the code, or do not.
        let byte = code.and_then(|code| u8::try_from(code & 0x0FFF).ok());
        let is_symbol = attribute(e, "font").is_some_and(|font| font == "Symbol");
        let sign = byte.filter(|_| is_symbol).map_or('\u{FFFD}', symbol);
        if !self.is_hidden() {
            self.paragraph().text.push(sign);
        }
    }

    fn break_page(&mut self, explicit: bool) {
        if explicit || self.text_since_break {
            self.paragraph().text.push(PAGE_MARK);
            self.text_since_break = false;
        }
    }

    fn close(&mut self, name: &str) -> Result<(), ParseError> {
        match name {
            "p" => self.end_paragraph(),
            "pPr" => {
                self.in_properties = false;
                Ok(())
            }
            "t" => {
                self.in_text = false;
                Ok(())
            }
            "r" => {
                self.sight.close_run();
                Ok(())
            }
            "txbxContent" => {
                self.sight.close_box();
                Ok(())
            }
            "tbl" => {
                self.sight.close_area();
                self.flow.close_table()
            }
            "tr" => {
                self.flow.close_row();
                Ok(())
            }
            "tc" => {
                self.sight.close_area();
                self.flow.close_cell();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end_paragraph(&mut self) -> Result<(), ParseError> {
        let Some(paragraph) = self.paragraphs.pop() else {
            return Ok(());
        };
        self.flow.builder.hide(&paragraph.hidden);
        let blank = paragraph.text.trim().is_empty();
        let style = paragraph
            .style
            .as_deref()
            .map(|id| self.styles.meaning(id))
            .unwrap_or_default();
        let heading = paragraph.outline.or(style.heading);
        let list = paragraph.list.or(style.numbering).filter(|id| *id > 0);
        let marker = match list {
            Some(id) if !blank && heading.is_none() => {
                self.numbering.next_marker(id, paragraph.list_level)
            }
            _ => String::new(),
        };
        if style.is_title && self.title.is_none() && !blank {
            self.title = Some(paragraph.text.clone());
        }
        let kind = match heading {
            Some(level) => BlockKind::Heading(level),
            None if !marker.is_empty() => BlockKind::ListItem,
            None => BlockKind::Paragraph,
        };
        let lists = usize::try_from(paragraph.list_level)
            .map_or(usize::MAX, |level| level.saturating_add(1));
        self.flow
            .push(kind, lists, &format!("{marker}{}", paragraph.text))
    }
}

/// Whether to skip the old wording of tracked changes, or the second copy of a text box.
fn is_skipped(e: &BytesStart<'_>) -> bool {
    matches!(
        e.local_name().into_inner(),
        "del" | "moveFrom" | "Fallback" | "instrText" | "delText" | "tabs" | "rt"
    )
}

/// The columns that a cell spans, or that are left out before the first one.
fn columns(e: &BytesStart<'_>) -> usize {
    let columns = number(e, "val").and_then(|columns| usize::try_from(columns).ok());
    columns.unwrap_or(1)
}
