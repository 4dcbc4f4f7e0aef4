//! One slide of a presentation: its title, its boxes and its tables.

use quick_xml::events::{BytesStart, Event};

use super::flow::Flow;
use super::table::{Cell, Table};
use super::xml::{Events, append_text, attribute, number};
use super::{BlockKind, ParseError};

/// A slide without a title is named by its first line up to this length.
const MAX_TITLE_CHARS: usize = 100;

/// The use of a shape on its slide.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// A box that stands by itself.
    #[default]
    Free,
    Title,
    /// The text under the title, whose paragraphs are list items unless it has only one.
    Body,
    /// Date, number, header and footer.
    Margin,
}

impl Place {
    fn of(placeholder: &BytesStart<'_>) -> Self {
        match attribute(placeholder, "type").as_deref() {
            Some("title" | "ctrTitle") => Self::Title,
            Some("subTitle") => Self::Free,
            Some("dt" | "ftr" | "hdr" | "sldNum" | "sldImg") => Self::Margin,
            _ => Self::Body,
        }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Bullet {
    #[default]
    Inherited,
    None,
    Mark,
    Number,
}

#[derive(Clone, Default)]
struct Paragraph {
    text: String,
    level: usize,
    bullet: Bullet,
}

/// A part of a slide, in the order of the file.
enum Part {
    Shape(Place, Vec<Paragraph>),
    Table(Vec<TableStep>),
}

/// The steps by which a table reaches [`Flow`].
enum TableStep {
    Row,
    Header,
    Cell(Cell),
    Close,
}

#[derive(Default)]
pub(super) struct Slide {
    pub(super) is_hidden: bool,
    pub(super) title: Option<String>,
    parts: Vec<Part>,
}

/// The elements that are open while a slide is read.
#[derive(Default)]
struct Open {
    place: Place,
    shape: Vec<Paragraph>,
    paragraph: Option<Paragraph>,
    table: Option<Vec<TableStep>>,
    names_columns: bool,
    /// The cell that is being read; `None` inside one that another cell covers.
    cell: Option<Cell>,
    in_text: bool,
}

impl Slide {
    pub(super) fn read(xml: &str) -> Result<Self, ParseError> {
        let mut events = Events::of(xml);
        let mut slide = Self::default();
        let mut open = Open::default();
        loop {
            match &events.next(is_skipped)? {
                Event::Eof => return Ok(slide),
                Event::Start(e) => {
                    if is_hidden_shape(e) {
                        // The properties stand inside the shape, whose text is then dropped.
                        open.place = Place::Margin;
                    }
                    slide.open(e, &mut open);
                }
                Event::Empty(e) => {
                    if is_hidden_shape(e) {
                        open.place = Place::Margin;
                    }
                    slide.open(e, &mut open);
                    slide.close(e.local_name().into_inner(), &mut open);
                }
                Event::End(e) => slide.close(e.local_name().into_inner(), &mut open),
                text if open.in_text => {
                    if let Some(paragraph) = &mut open.paragraph {
                        append_text(&mut paragraph.text, text);
                    }
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, e: &BytesStart<'_>, open: &mut Open) {
        let count = |name| number(e, name).and_then(|n| usize::try_from(n).ok());
        let is_on = |name| matches!(attribute(e, name).as_deref(), Some("1" | "true"));
        match e.local_name().into_inner() {
            "sld" => {
                let show = attribute(e, "show");
                self.is_hidden = matches!(show.as_deref(), Some("0" | "false"));
            }
            "sp" => {
                open.place = Place::Free;
                open.shape.clear();
            }
            "ph" if open.place != Place::Margin => {
                open.place = Place::of(e);
            }
            "p" => open.paragraph = Some(Paragraph::default()),
            "pPr" => {
                if let Some(paragraph) = &mut open.paragraph {
                    paragraph.level = count("lvl").unwrap_or(0);
                }
            }
            name @ ("buNone" | "buChar" | "buBlip" | "buAutoNum") => {
                if let Some(paragraph) = &mut open.paragraph {
                    paragraph.bullet = match name {
                        "buNone" => Bullet::None,
                        "buAutoNum" => Bullet::Number,
                        _ => Bullet::Mark,
                    };
                }
            }
            "t" => open.in_text = true,
            "br" => {
                if let Some(paragraph) = &mut open.paragraph {
                    paragraph.text.push('\n');
                }
            }
            "tbl" => {
                open.table = Some(Vec::new());
                open.names_columns = false;
            }
            "tblPr" => open.names_columns = is_on("firstRow"),
            "tr" => {
                if let Some(table) = &mut open.table {
                    table.push(TableStep::Row);
                    if std::mem::take(&mut open.names_columns) {
                        table.push(TableStep::Header);
                    }
                }
            }
            "tc" if !is_on("hMerge") && !is_on("vMerge") => {
                open.cell = Some(Cell {
                    columns: count("gridSpan").unwrap_or(1),
                    rows: count("rowSpan").unwrap_or(1),
                    ..Cell::default()
                });
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, open: &mut Open) {
        match name {
            "t" => open.in_text = false,
            "p" => {
                let paragraph = open.paragraph.take().filter(|p| !p.text.trim().is_empty());
                let Some(paragraph) = paragraph else {
                    return;
                };
                if open.table.is_none() {
                    open.shape.push(paragraph);
                } else if let Some(cell) = &mut open.cell {
                    let (kind, depth, text) = paragraph.block(false, 0);
                    cell.add(kind, depth, text);
                }
            }
            "tc" => {
                if let (Some(table), Some(cell)) = (&mut open.table, open.cell.take()) {
                    table.push(TableStep::Cell(cell));
                }
            }
            "tbl" => {
                if let Some(mut table) = open.table.take() {
                    table.push(TableStep::Close);
                    self.parts.push(Part::Table(table));
                }
            }
            "sp" => {
                let shape = std::mem::take(&mut open.shape);
                match open.place {
                    Place::Title if self.title.is_none() => {
                        let lines: Vec<&str> = shape.iter().map(|p| p.text.trim()).collect();
                        self.title = Some(lines.join(" ").replace('\n', " "))
                            .filter(|title| !title.is_empty());
                    }
                    Place::Margin => {}
                    _ if shape.is_empty() => {}
                    place => self.parts.push(Part::Shape(place, shape)),
                }
                open.place = Place::Free;
            }
            _ => {}
        }
    }

    /// Writes the slide as a section.
    pub(super) fn write(mut self, page: usize, flow: &mut Flow) -> Result<(), ParseError> {
        if self.title.is_none() && self.parts.is_empty() {
            return Ok(());
        }
        // Without a heading of its own, the slide would belong to the one before it.
        let title = self.title.take().or_else(|| self.first_line());
        let title = title.unwrap_or_else(|| format!("Slide {page}"));
        flow.push(BlockKind::Heading(if page == 1 { 1 } else { 2 }), 0, &title)?;
        for part in self.parts {
            match part {
                Part::Shape(place, paragraphs) => write_shape(place, &paragraphs, flow)?,
                Part::Table(steps) => write_table(steps, flow)?,
            }
        }
        Ok(())
    }

    /// Takes a short first line off the slide, if more text follows it.
    fn first_line(&mut self) -> Option<String> {
        let more = self.parts.len() > 1;
        let Some(Part::Shape(place, shape)) = self.parts.first_mut() else {
            return None;
        };
        let first = shape.first()?;
        let is_name = *place == Place::Free
            && (more || shape.len() > 1)
            && first.text.chars().count() <= MAX_TITLE_CHARS
            && !first.text.trim_end().ends_with(['.', ',', ';', ':']);
        is_name.then(|| shape.remove(0).text.replace('\n', " "))
    }

    /// Writes the text of a page of notes.
    pub(super) fn write_notes(self, flow: &mut Flow) -> Result<(), ParseError> {
        for part in self.parts {
            if let Part::Shape(Place::Body, paragraphs) = part {
                for paragraph in paragraphs {
                    flow.push(BlockKind::Paragraph, 0, &paragraph.text)?;
                }
            }
        }
        Ok(())
    }
}

impl Paragraph {
    /// Returns the kind, the depth and the text as a block.
    fn block(&self, in_list: bool, count: usize) -> (BlockKind, usize, String) {
        let marker = match self.bullet {
            Bullet::Number => format!("{count}. "),
            Bullet::Mark => "- ".to_owned(),
            Bullet::Inherited if in_list => "- ".to_owned(),
            Bullet::Inherited | Bullet::None => String::new(),
        };
        if marker.is_empty() {
            (BlockKind::Paragraph, 0, self.text.clone())
        } else {
            let text = self.text.trim_start();
            (
                BlockKind::ListItem,
                self.level + 1,
                format!("{marker}{text}"),
            )
        }
    }
}

fn write_shape(place: Place, shape: &[Paragraph], flow: &mut Flow) -> Result<(), ParseError> {
    let in_list = place == Place::Body && shape.len() > 1;
    let mut counts: Vec<usize> = Vec::new();
    for paragraph in shape {
        let level = paragraph.level.min(9);
        counts.resize(level + 1, 0);
        if let Some(count) = counts.last_mut() {
            *count = if paragraph.bullet == Bullet::Number {
                *count + 1
            } else {
                0
            };
        }
        let count = counts.last().copied().unwrap_or(1);
        let (kind, depth, text) = paragraph.block(in_list, count);
        flow.push(kind, depth, &text)?;
    }
    // The next box is no continuation of this one's list.
    flow.builder.stand_apart();
    Ok(())
}

fn write_table(steps: Vec<TableStep>, flow: &mut Flow) -> Result<(), ParseError> {
    flow.open_table(Table::default());
    for step in steps {
        match step {
            TableStep::Row => flow.open_row(),
            TableStep::Header => flow.mark_header(),
            TableStep::Cell(cell) => {
                flow.open_cell(cell);
                flow.close_cell();
            }
            TableStep::Close => flow.close_table()?,
        }
    }
    Ok(())
}

/// Whether to skip the second copy of a shape, or a number that the program fills in.
fn is_skipped(e: &BytesStart<'_>) -> bool {
    match e.local_name().into_inner() {
        "Fallback" => true,
        "fld" => attribute(e, "type").is_some_and(|kind| kind == "slidenum"),
        _ => false,
    }
}

fn is_hidden_shape(e: &BytesStart<'_>) -> bool {
    e.local_name().into_inner() == "cNvPr"
        && matches!(attribute(e, "hidden").as_deref(), Some("1" | "true"))
}
