//! The formats and the shared texts of an Excel workbook.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::ParseError;
use super::number_format::{built_in, general, show};
use super::xml::{Events, append_text, attribute, is_phonetic, number};

/// How a cell is shown.
#[derive(Clone, Copy)]
pub(super) struct CellStyle {
    format: u32,
    pub(super) is_bold: bool,
}

/// The cell styles of `xl/styles.xml`, by their position.
#[derive(Default)]
pub(super) struct CellStyles {
    styles: Vec<CellStyle>,
    codes: HashMap<u32, String>,
    from_1904: bool,
}

impl CellStyles {
    pub(super) fn read(xml: &str, from_1904: bool) -> Result<Self, ParseError> {
        let mut read = Self {
            from_1904,
            ..Self::default()
        };
        let mut bold: Vec<bool> = Vec::new();
        let (mut in_fonts, mut in_cells) = (false, false);
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e) => match e.local_name().into_inner() {
                    "fonts" => in_fonts = true,
                    "font" if in_fonts => bold.push(false),
                    "b" if in_fonts => {
                        let on = !matches!(attribute(&e, "val").as_deref(), Some("0" | "false"));
                        if let Some(last) = bold.last_mut() {
                            *last = on;
                        }
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let font = number(&e, "fontId").and_then(|n| usize::try_from(n).ok());
                        read.styles.push(CellStyle {
                            format: number(&e, "numFmtId").unwrap_or(0),
                            is_bold: font.and_then(|at| bold.get(at)).copied().unwrap_or(false),
                        });
                    }
                    "numFmt" => {
                        if let (Some(id), Some(code)) =
                            (number(&e, "numFmtId"), attribute(&e, "formatCode"))
                        {
                            read.codes.insert(id, code);
                        }
                    }
                    _ => {}
                },
                Event::End(e) => match e.local_name().into_inner() {
                    "fonts" => in_fonts = false,
                    "cellXfs" => in_cells = false,
                    _ => {}
                },
                Event::Eof => return Ok(read),
                _ => {}
            }
        }
    }

    pub(super) fn get(&self, style: usize) -> Option<CellStyle> {
        self.styles.get(style).copied()
    }

    /// Returns a number as the style shows it.
    pub(super) fn show(&self, value: f64, style: usize) -> String {
        let Some(style) = self.get(style) else {
            return general(value);
        };
        let code = self.codes.get(&style.format).map(String::as_str);
        show(
            value,
            code.unwrap_or_else(|| built_in(style.format)),
            self.from_1904,
        )
    }
}

/// Reads the texts that cells share.
pub(super) fn shared_strings(xml: &str) -> Result<Vec<String>, ParseError> {
    let mut strings: Vec<String> = Vec::new();
    let mut in_text = false;
    let mut events = Events::of(xml);
    loop {
        match &events.next(is_phonetic)? {
            Event::Start(e) | Event::Empty(e) if e.local_name().into_inner() == "si" => {
                strings.push(String::new());
            }
            Event::Start(e) if e.local_name().into_inner() == "t" => in_text = true,
            Event::End(e) if e.local_name().into_inner() == "t" => in_text = false,
            Event::Eof => return Ok(strings),
            text if in_text => {
                if let Some(last) = strings.last_mut() {
                    append_text(last, text);
                }
            }
            _ => {}
        }
    }
}
