//! The archive of a DOCX file, and the names of its parts.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::sniff::mismatch;
use super::{MediaType, ParseError, ParseLimits};

/// The archive, with one budget for all unpacked data.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    budget: u64,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &ParseLimits) -> Result<Self, ParseError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ParseError::Damaged)?;
        if archive.len() > limits.max_archive_entries {
            return Err(ParseError::TooLarge);
        }
        Ok(Self {
            archive,
            budget: limits.max_expanded_bytes as u64,
        })
    }

    pub(super) fn main_part(&self) -> Result<String, ParseError> {
        let names: Vec<String> = self
            .archive
            .file_names()
            .filter_map(|name| name.ok().map(Cow::into_owned))
            .collect();
        let found = names
            .iter()
            .find(|n| *n == "word/document.xml")
            .or_else(|| {
                // Some programs number this part: word/document2.xml.
                names.iter().find(|n| n.starts_with("word/document"))
            });
        if let Some(name) = found {
            return Ok(name.clone());
        }
        let holds = |folder: &str| names.iter().any(|n| n.starts_with(folder));
        Err(mismatch(
            MediaType::Docx,
            if holds("xl/") {
                "an Excel workbook"
            } else if holds("ppt/") {
                "a PowerPoint presentation"
            } else if names.iter().any(|n| n == "content.xml") {
                "an OpenDocument file"
            } else {
                "a ZIP archive"
            },
        ))
    }

    /// Returns a part's text; `None` if the part does not exist. The sizes that the archive
    /// declares are not trusted: reading stops at the budget.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, ParseError> {
        let file = match self.archive.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(ParseError::Encrypted);
            }
            Err(_) => return Err(ParseError::Damaged),
        };
        let mut content = Vec::new();
        let read = file
            .take(self.budget.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| match error.kind() {
                io::ErrorKind::OutOfMemory => ParseError::OutOfMemory,
                _ => ParseError::Damaged,
            })? as u64;
        self.budget = self.budget.checked_sub(read).ok_or(ParseError::TooLarge)?;
        let text = String::from_utf8(content).map_err(|_| ParseError::Damaged)?;
        Ok(Some(text))
    }
}
