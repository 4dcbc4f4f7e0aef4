//! OpenDocument spreadsheets: a section for each sheet, with its tables. A cell stores the text that
//! people see beside its value.

use quick_xml::events::{BytesStart, Event};

use super::builder::Builder;
use super::odf_styles::OdfStyles;
use super::sheet::{Merge, Sheet, Value};
use super::xlsx::LeftOut;
use super::xml::{Events, append_text, attribute, number};
use super::{ParseError, ParseLimits, ParsedDocument};

pub(super) fn parse(
    content: &str,
    styles: &OdfStyles,
    title: Option<&str>,
    limits: &ParseLimits,
) -> Result<ParsedDocument, ParseError> {
    let mut events = Events::of(content);
    let mut sheets = SheetReader {
        builder: Builder::new(limits),
        styles,
        max_bytes: limits.max_text_bytes,
        left_out: LeftOut::default(),
        sheet: None,
        tables: 0,
        row: 0,
        row_repeated: 1,
        row_hidden: false,
        cells: Vec::new(),
        column: 0,
        columns: 0,
        hidden: Vec::new(),
        cell: None,
        paragraphs: 0,
    };
    let mut closed = false;
    loop {
        match &events.next(is_skipped)? {
            Event::Eof if closed => break,
            Event::Eof => return Err(ParseError::Damaged),
            Event::Start(e) => sheets.open(e),
            Event::Empty(e) => {
                sheets.open(e);
                sheets.close(e.local_name().into_inner())?;
            }
            Event::End(e) => {
                closed |= e.local_name().into_inner() == "document-content";
                sheets.close(e.local_name().into_inner())?;
            }
            text => {
                if let Some(cell) = sheets.cell.as_mut().filter(|_| sheets.paragraphs > 0) {
                    append_text(&mut cell.text, text);
                }
            }
        }
    }
    let mut document = sheets.builder.finish(title)?;
    document.notes.extend(sheets.left_out.notes());
    Ok(document)
}

fn is_skipped(e: &BytesStart<'_>) -> bool {
    matches!(
        e.local_name().into_inner(),
        "annotation"
            | "tracked-changes"
            | "shapes"
            | "forms"
            | "automatic-styles"
            | "frame"
            | "named-expressions"
            | "database-ranges"
            | "content-validations"
    )
}

/// A cell of the open row.
#[derive(Default)]
struct OpenCell {
    text: String,
    is_number: bool,
    repeated: usize,
    rows: usize,
    columns: usize,
}

struct SheetReader<'a> {
    builder: Builder,
    styles: &'a OdfStyles,
    max_bytes: usize,
    left_out: LeftOut,
    /// The open sheet; `None` outside of sheets and in a hidden one.
    sheet: Option<Sheet>,
    /// The depth of open tables.
    tables: usize,
    row: usize,
    row_repeated: usize,
    row_hidden: bool,
    /// The cells of the open row with the column where each begins.
    cells: Vec<(usize, OpenCell)>,
    column: usize,
    columns: usize,
    hidden: Vec<std::ops::Range<usize>>,
    cell: Option<OpenCell>,
    /// The depth of open paragraphs.
    paragraphs: usize,
}

impl SheetReader<'_> {
    fn open(&mut self, e: &BytesStart<'_>) {
        let count = |name| {
            number(e, name)
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(1)
        };
        let is_collapsed =
            || attribute(e, "visibility").is_some_and(|v| v == "collapse" || v == "filter");
        match e.local_name().into_inner() {
            "table" => self.begin_sheet(e),
            "table-column" => {
                let end = self
                    .columns
                    .saturating_add(count("number-columns-repeated"));
                if is_collapsed() {
                    self.hidden.push(self.columns..end);
                }
                self.columns = end;
            }
            "table-row" => {
                self.row_repeated = count("number-rows-repeated");
                self.row_hidden = is_collapsed();
                self.column = 0;
            }
            "table-cell" | "covered-table-cell" => {
                let kind = attribute(e, "value-type").unwrap_or_default();
                self.cell = Some(OpenCell {
                    text: String::new(),
                    is_number: !matches!(kind.as_str(), "" | "string"),
                    repeated: count("number-columns-repeated"),
                    rows: count("number-rows-spanned"),
                    columns: count("number-columns-spanned"),
                });
            }
            "p" => {
                self.paragraphs += 1;
                if let Some(cell) = self.cell.as_mut().filter(|cell| !cell.text.is_empty()) {
                    cell.text.push('\n');
                }
            }
            "s" | "tab" => {
                if let Some(cell) = &mut self.cell {
                    cell.text.push(' ');
                }
            }
            "line-break" => {
                if let Some(cell) = &mut self.cell {
                    cell.text.push('\n');
                }
            }
            _ => {}
        }
    }

    fn begin_sheet(&mut self, e: &BytesStart<'_>) {
        self.tables += 1;
        if self.tables > 1 {
            return;
        }
        let style = attribute(e, "style-name").unwrap_or_default();
        if self.styles.is_hidden(&style) {
            self.left_out.sheets += 1;
        } else {
            self.sheet = Some(Sheet::named(attribute(e, "name").unwrap_or_default()));
        }
        (self.row, self.columns) = (0, 0);
        self.hidden.clear();
    }

    fn close(&mut self, name: &str) -> Result<(), ParseError> {
        match name {
            "p" => self.paragraphs = self.paragraphs.saturating_sub(1),
            "table-cell" | "covered-table-cell" => {
                if let Some(cell) = self.cell.take() {
                    let next = self.column.saturating_add(cell.repeated);
                    if !cell.text.trim().is_empty() {
                        self.cells.push((self.column, cell));
                    }
                    self.column = next;
                }
            }
            "table-row" => self.end_row()?,
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0
                    && let Some(mut sheet) = self.sheet.take()
                {
                    let hidden = std::mem::take(&mut self.hidden);
                    self.left_out.columns +=
                        sheet.hide_columns(|at| hidden.iter().any(|range| range.contains(&at)));
                    sheet.write(&mut self.builder)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), ParseError> {
        let cells = std::mem::take(&mut self.cells);
        let first = self.row;
        self.row = self.row.saturating_add(self.row_repeated);
        let Some(sheet) = self.sheet.as_mut().filter(|_| !cells.is_empty()) else {
            return Ok(());
        };
        if self.row_hidden {
            self.left_out.rows += self.row_repeated;
            return Ok(());
        }
        for row in first..self.row {
            for (column, cell) in &cells {
                for at in 0..cell.repeated {
                    let value = Value {
                        text: cell.text.clone(),
                        is_bold: false,
                        is_number: cell.is_number,
                    };
                    sheet.add(row, column.saturating_add(at), value, self.max_bytes)?;
                }
                if cell.rows > 1 || cell.columns > 1 {
                    sheet.merge(Merge {
                        row,
                        column: *column,
                        rows: cell.rows,
                        columns: cell.columns,
                    })?;
                }
            }
        }
        Ok(())
    }
}
