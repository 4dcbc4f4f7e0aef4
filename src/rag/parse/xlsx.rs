//! Excel workbooks: a section for each sheet, with its tables.

use std::ops::RangeInclusive;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::builder::Builder;
use super::note::Note;
use super::package::Package;
use super::sheet::{Merge, Sheet, Value};
use super::xlsx_styles::{CellStyles, shared_strings};
use super::xml::{Events, append_text, attribute, foreign_attribute, is_phonetic, number, text_of};
use super::{MediaType, ParseError, ParseLimits, ParsedDocument};

/// The last row and column of a sheet.
const MAX_ROW: usize = 1_048_576;
const MAX_COLUMN: usize = 16_384;

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut package = Package::open(bytes, limits)?;
    let Some(main) = package.find("xl/workbook.xml") else {
        return Err(package.mismatch(MediaType::Xlsx));
    };
    let workbook = Workbook::read(&package.needed(&main)?)?;
    let relations = package.relations(&main)?;
    let read = |kind: &str, package: &mut Package<'_>| match relations.of_kind(kind) {
        Some(part) => package.part(part).map(Option::unwrap_or_default),
        None => Ok(String::new()),
    };
    let styles = CellStyles::read(&read("/styles", &mut package)?, workbook.from_1904)?;
    let strings = shared_strings(&read("/sharedStrings", &mut package)?)?;
    let mut builder = Builder::new(limits);
    let mut left_out = LeftOut::default();
    for (name, id, is_hidden) in workbook.sheets {
        if is_hidden {
            left_out.sheets += 1;
            continue;
        }
        // A chart has no relation to a sheet of cells.
        let Some(part) = relations
            .part(&id)
            .filter(|part| part.contains("worksheet"))
        else {
            continue;
        };
        let xml = package.needed(part)?;
        let mut reader = SheetReader {
            sheet: Sheet::named(name),
            styles: &styles,
            strings: &strings,
            max_bytes: limits.max_text_bytes,
            row: 0,
            column: 0,
            row_hidden: false,
            hidden: Vec::new(),
            cell: Open::default(),
            left_out: &mut left_out,
        };
        reader.read(&xml)?;
        drop(xml);
        let (mut sheet, hidden) = (reader.sheet, reader.hidden);
        left_out.columns += sheet.hide_columns(|at| hidden.iter().any(|r| r.contains(&at)));
        sheet.write(&mut builder)?;
    }
    let core = package.part("docProps/core.xml")?;
    let title = core.and_then(|xml| text_of(&xml, "title"));
    let mut document = builder.finish(title.as_deref())?;
    document.notes.extend(left_out.notes());
    Ok(document)
}

/// Counts what a person does not see.
#[derive(Default)]
pub(super) struct LeftOut {
    pub(super) sheets: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) formulas: usize,
}

impl LeftOut {
    pub(super) fn notes(self) -> impl Iterator<Item = Note> {
        let hidden = (self.sheets + self.rows + self.columns > 0).then_some(Note::HiddenCells {
            sheets: self.sheets,
            rows: self.rows,
            columns: self.columns,
        });
        let formulas = (self.formulas > 0).then_some(Note::Formulas {
            cells: self.formulas,
        });
        hidden.into_iter().chain(formulas)
    }
}

#[derive(Default)]
struct Workbook {
    /// The name and the relation of each sheet, and whether it is hidden.
    sheets: Vec<(String, String, bool)>,
    from_1904: bool,
}

impl Workbook {
    fn read(xml: &str) -> Result<Self, ParseError> {
        let mut workbook = Self::default();
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e) => match e.local_name().into_inner() {
                    "workbookPr" => workbook.from_1904 = is_on(&e, "date1904"),
                    "sheet" => workbook.sheets.push((
                        attribute(&e, "name").unwrap_or_default(),
                        foreign_attribute(&e, "id").unwrap_or_default(),
                        attribute(&e, "state").is_some_and(|state| state != "visible"),
                    )),
                    _ => {}
                },
                Event::Eof => return Ok(workbook),
                _ => {}
            }
        }
    }
}

/// The cell that is being read.
#[derive(Default)]
struct Open {
    kind: String,
    style: usize,
    text: String,
    in_text: bool,
    has_formula: bool,
}

struct SheetReader<'a> {
    sheet: Sheet,
    styles: &'a CellStyles,
    strings: &'a [String],
    max_bytes: usize,
    row: usize,
    column: usize,
    row_hidden: bool,
    hidden: Vec<RangeInclusive<usize>>,
    cell: Open,
    left_out: &'a mut LeftOut,
}

impl SheetReader<'_> {
    fn read(&mut self, xml: &str) -> Result<(), ParseError> {
        let mut events = Events::of(xml);
        loop {
            match &events.next(is_phonetic)? {
                Event::Start(e) => self.open(e)?,
                Event::Empty(e) => {
                    self.open(e)?;
                    self.close(e.local_name().into_inner())?;
                }
                Event::End(e) => self.close(e.local_name().into_inner())?,
                Event::Eof => return Ok(()),
                text if self.cell.in_text => append_text(&mut self.cell.text, text),
                _ => {}
            }
        }
    }

    fn open(&mut self, e: &BytesStart<'_>) -> Result<(), ParseError> {
        let count = |name| number(e, name).and_then(|n| usize::try_from(n).ok());
        match e.local_name().into_inner() {
            "col" if is_on(e, "hidden") => {
                let range = count("min").unwrap_or(1)..=count("max").unwrap_or(MAX_COLUMN);
                self.hidden.push(range);
            }
            "row" => {
                self.row = count("r").unwrap_or(self.row + 1);
                self.column = 0;
                self.row_hidden = is_on(e, "hidden");
                self.left_out.rows += usize::from(self.row_hidden);
                if self.row > MAX_ROW {
                    return Err(ParseError::Damaged);
                }
            }
            "c" => {
                let at = attribute(e, "r").and_then(|name| place(&name));
                self.column = at.map_or(self.column + 1, |(_, column)| column);
                if self.column > MAX_COLUMN {
                    return Err(ParseError::Damaged);
                }
                self.cell = Open {
                    kind: attribute(e, "t").unwrap_or_default(),
                    style: count("s").unwrap_or(0),
                    ..Open::default()
                };
            }
            "f" => self.cell.has_formula = true,
            "v" | "t" => self.cell.in_text = true,
            "mergeCell" => {
                if let Some(merge) = attribute(e, "ref").and_then(|range| merge(&range)) {
                    self.sheet.merge(merge)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ParseError> {
        match name {
            "v" | "t" => self.cell.in_text = false,
            "c" => {
                let cell = std::mem::take(&mut self.cell);
                if self.row_hidden {
                    return Ok(());
                }
                if cell.has_formula && cell.text.is_empty() && cell.kind != "str" {
                    self.left_out.formulas += 1;
                }
                let value = self.value(cell);
                self.sheet
                    .add(self.row, self.column, value, self.max_bytes)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn value(&self, cell: Open) -> Value {
        let style = self.styles.get(cell.style);
        let is_bold = style.is_some_and(|style| style.is_bold);
        let raw = cell.text.trim();
        let (text, is_number) = match cell.kind.as_str() {
            "s" => {
                let shared = raw.parse().ok().and_then(|at: usize| self.strings.get(at));
                (shared.cloned().unwrap_or_default(), false)
            }
            "b" => (if raw == "1" { "TRUE" } else { "FALSE" }.to_owned(), true),
            "d" => (raw.trim_end_matches("T00:00:00").replace('T', " "), true),
            "str" | "inlineStr" | "e" => (cell.text, false),
            _ => match raw.parse::<f64>() {
                Ok(value) => (self.styles.show(value, cell.style), true),
                Err(_) => (cell.text, false),
            },
        };
        Value {
            text,
            is_bold,
            is_number,
        }
    }
}

fn is_on(e: &BytesStart<'_>, name: &str) -> bool {
    matches!(attribute(e, name).as_deref(), Some("1" | "true"))
}

/// Returns the row and the column of a name such as "B7".
fn place(name: &str) -> Option<(usize, usize)> {
    let letters = name
        .trim_start_matches('$')
        .bytes()
        .take_while(u8::is_ascii_alphabetic);
    let column = letters.clone().try_fold(0_usize, |column, letter| {
        let digit = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        column.checked_mul(26)?.checked_add(digit)
    })?;
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    (column > 0).then_some((digits.parse().ok()?, column))
}

fn merge(range: &str) -> Option<Merge> {
    let (first, last) = range.split_once(':')?;
    let ((row, column), (last_row, last_column)) = (place(first)?, place(last)?);
    Some(Merge {
        row,
        column,
        rows: last_row.checked_sub(row)? + 1,
        columns: last_column.checked_sub(column)? + 1,
    })
}
