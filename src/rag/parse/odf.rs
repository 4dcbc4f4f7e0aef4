//! OpenDocument texts and presentations. Spreadsheets are read by [`ods`](super::ods).

use quick_xml::events::{BytesStart, Event};

use super::builder::Builder;
use super::flow::Flow;
use super::note::Note;
use super::odf_styles::OdfStyles;
use super::package::Package;
use super::table::{Cell, Table};
use super::xml::{Events, append_text, attribute, number, text_of};
use super::{BlockKind, MediaType, ParseError, ParseLimits, ParsedDocument, ods};

/// The most spaces or empty cells that one element may stand for.
const MAX_REPEATED: usize = 1_024;

pub(super) fn parse(
    media: MediaType,
    bytes: &[u8],
    limits: &ParseLimits,
) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, limits)?;
    let mimetype = package.part("mimetype")?;
    let is_declared = mimetype
        .as_deref()
        .is_none_or(|m| m.starts_with(media.as_mime()));
    if package.find("content.xml").is_none() || !is_declared {
        return Err(package.mismatch(media));
    }
    let manifest = package.part("META-INF/manifest.xml")?.unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(ParseError::Encrypted);
    }
    let content = package.needed("content.xml")?;
    let mut styles = OdfStyles::default();
    styles.read(&content)?;
    styles.read(&package.part("styles.xml")?.unwrap_or_default())?;
    let meta = package.part("meta.xml")?;
    let title = meta.and_then(|xml| text_of(&xml, "title"));
    if media == MediaType::Ods {
        return ods::parse(&content, &styles, title.as_deref(), limits);
    }
    let mut reader = OdfReader::new(limits, &styles);
    reader.read(&content)?;
    let title = title
        .or(reader.title)
        .or_else(|| reader.flow.builder.first_heading());
    let mut document = reader.flow.builder.finish(title.as_deref())?;
    if reader.hidden_slides > 0 {
        document.notes.push(Note::HiddenSlides {
            slides: reader.hidden_slides,
        });
    }
    Ok(document)
}

/// An open paragraph. Frames nest paragraphs inside paragraphs.
#[derive(Default)]
struct Paragraph {
    text: String,
    heading: Option<u8>,
    is_title: bool,
    is_hidden: bool,
}

/// An open list.
struct List {
    style: String,
    /// The next number, if the list counts.
    next: Option<u64>,
    /// The marker of the open item, until its first paragraph.
    marker: Option<String>,
}

struct OdfReader<'a> {
    flow: Flow,
    styles: &'a OdfStyles,
    title: Option<String>,
    paragraphs: Vec<Paragraph>,
    /// Whether each open span is hidden.
    spans: Vec<bool>,
    lists: Vec<List>,
    /// The repetition of the open cell.
    repeated: usize,
    /// The number of the open slide; 0 before the first.
    slide: usize,
    hidden_slides: usize,
    /// Whether the open slide has no heading yet.
    untitled: bool,
    in_title: bool,
}

impl<'a> OdfReader<'a> {
    fn new(limits: &ParseLimits, styles: &'a OdfStyles) -> Self {
        Self {
            flow: Flow::new(Builder::new(limits)),
            styles,
            title: None,
            paragraphs: Vec::new(),
            spans: Vec::new(),
            lists: Vec::new(),
            repeated: 1,
            slide: 0,
            hidden_slides: 0,
            untitled: false,
            in_title: false,
        }
    }

    fn read(&mut self, xml: &str) -> Result<(), ParseError> {
        let mut events = Events::of(xml);
        let mut closed = false;
        loop {
            match &events.next(|e| self.is_skipped(e))? {
                Event::Eof if closed => return Ok(()),
                Event::Eof => return Err(ParseError::Damaged),
                Event::Start(e) => self.open(e),
                Event::Empty(e) => {
                    self.open(e);
                    self.close(e.local_name().into_inner())?;
                }
                Event::End(e) => {
                    closed |= e.local_name().into_inner() == "document-content";
                    self.close(e.local_name().into_inner())?;
                }
                text => self.text(text),
            }
        }
    }

    fn text(&mut self, event: &Event<'_>) {
        if self.spans.contains(&true) {
            let mut hidden = String::new();
            append_text(&mut hidden, event);
            self.flow.builder.hide(&hidden);
            return;
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            append_text(&mut paragraph.text, event);
        }
    }

    /// Whether an element is not a part of what is read: deleted text, comments, contents, names of
    /// pictures, and slides that are not shown.
    fn is_skipped(&mut self, e: &BytesStart<'_>) -> bool {
        match e.local_name().into_inner() {
            "tracked-changes" | "annotation" | "table-of-content" | "alphabetical-index"
            | "illustration-index" | "table-index" | "note-citation" | "ruby-text" | "title"
            | "desc" | "forms" | "scripts" | "automatic-styles" | "font-face-decls"
            | "covered-table-cell" | "hidden-text" | "sequence-decls" | "event-listeners"
            | "page-number" | "date-time" | "footer-decl" | "header-decl" | "object" => true,
            "page" => {
                let hidden = attribute(e, "style-name").is_some_and(|s| self.styles.is_hidden(&s));
                if hidden {
                    self.begin_slide();
                    self.hidden_slides += 1;
                }
                hidden
            }
            "table-row" | "table-column" => {
                attribute(e, "visibility").is_some_and(|v| v == "collapse" || v == "filter")
            }
            "section" => attribute(e, "display").is_some_and(|d| d == "none"),
            "frame" => attribute(e, "class").is_some_and(|class| {
                matches!(
                    class.as_str(),
                    "page-number" | "date-time" | "footer" | "header" | "page"
                )
            }),
            _ => false,
        }
    }

    fn begin_slide(&mut self) {
        if self.slide == 0 {
            self.flow.builder.start_pages();
        } else {
            self.flow.builder.break_page();
        }
        self.slide += 1;
        self.untitled = true;
    }

    fn open(&mut self, e: &BytesStart<'_>) {
        let count = |name| number(e, name).and_then(|n| usize::try_from(n).ok());
        let style = || attribute(e, "style-name").unwrap_or_default();
        match e.local_name().into_inner() {
            name @ ("p" | "h") => {
                let style = style();
                let level = count("outline-level").unwrap_or(1).clamp(1, 9);
                self.paragraphs.push(Paragraph {
                    heading: (name == "h").then(|| u8::try_from(level).unwrap_or(9)),
                    is_title: self.styles.is_title(&style),
                    is_hidden: self.styles.is_hidden(&style),
                    ..Paragraph::default()
                });
            }
            "span" => self.spans.push(self.styles.is_hidden(&style())),
            "hidden-paragraph" => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.is_hidden |= attribute(e, "is-hidden").as_deref() != Some("false");
                }
            }
            "s" => self.push_str(&" ".repeat(count("c").unwrap_or(1).min(MAX_REPEATED))),
            "tab" => self.push_str(" "),
            "line-break" => self.push_str("\n"),
            "list" => {
                let level = self.lists.len() + 1;
                let outer = self.lists.last().map(|list| list.style.clone());
                let style = attribute(e, "style-name").or(outer).unwrap_or_default();
                self.lists.push(List {
                    next: self.styles.first_number(&style, level),
                    style,
                    marker: None,
                });
            }
            "list-item" => self.begin_item(),
            "page" => self.begin_slide(),
            "frame" => {
                self.in_title = attribute(e, "class").is_some_and(|class| class == "title");
            }
            "table" => self.flow.open_table(Table::default()),
            "table-header-rows" => self.flow.set_head(true),
            "table-row" => self.flow.open_row(),
            "table-cell" => {
                self.repeated = count("number-columns-repeated").unwrap_or(1);
                self.flow.open_cell(Cell {
                    columns: count("number-columns-spanned").unwrap_or(1),
                    rows: count("number-rows-spanned").unwrap_or(1),
                    ..Cell::default()
                });
            }
            _ => {}
        }
    }

    fn begin_item(&mut self) {
        if let Some(list) = self.lists.last_mut() {
            list.marker = Some(match &mut list.next {
                Some(next) => {
                    let marker = format!("{next}. ");
                    *next = next.saturating_add(1);
                    marker
                }
                None => "- ".to_owned(),
            });
        }
    }

    fn push_str(&mut self, text: &str) {
        if !self.spans.contains(&true)
            && let Some(paragraph) = self.paragraphs.last_mut()
        {
            paragraph.text.push_str(text);
        }
    }

    fn close(&mut self, name: &str) -> Result<(), ParseError> {
        match name {
            "p" | "h" => self.end_paragraph()?,
            "span" => drop(self.spans.pop()),
            "list" => drop(self.lists.pop()),
            "frame" => self.in_title = false,
            "table" => self.flow.close_table()?,
            "table-header-rows" => self.flow.set_head(false),
            "table-row" => self.flow.close_row(),
            "table-cell" => {
                self.flow.close_cell();
                for _ in 1..self.repeated.min(MAX_REPEATED) {
                    self.flow.repeat_cell();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_paragraph(&mut self) -> Result<(), ParseError> {
        let Some(paragraph) = self.paragraphs.pop() else {
            return Ok(());
        };
        if paragraph.is_hidden {
            self.flow.builder.hide(&paragraph.text);
            return Ok(());
        }
        if paragraph.text.trim().is_empty() {
            return Ok(());
        }
        let text = paragraph.text;
        if self.in_title && self.untitled {
            self.untitled = false;
            let level = if self.slide == 1 { 1 } else { 2 };
            return self.flow.push(BlockKind::Heading(level), 0, &text);
        }
        if self.slide > 0 && self.untitled {
            // Without a heading of its own, the slide would belong to the one before it.
            self.untitled = false;
            let name = format!("Slide {}", self.slide);
            self.flow.push(BlockKind::Heading(2), 0, &name)?;
        }
        if paragraph.is_title {
            self.title.get_or_insert_with(|| text.clone());
            return self.flow.push(BlockKind::Heading(1), 0, &text);
        }
        let depth = self.lists.len();
        match (paragraph.heading, self.lists.last_mut()) {
            (Some(level), _) => self.flow.push(BlockKind::Heading(level), 0, &text),
            (None, Some(list)) => {
                let marker = list.marker.take().unwrap_or_default();
                self.flow
                    .push(BlockKind::ListItem, depth, &format!("{marker}{text}"))
            }
            (None, None) => self.flow.push(BlockKind::Paragraph, 0, &text),
        }
    }
}
