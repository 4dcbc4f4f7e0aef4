//! Documents that are ZIP archives of parts: Office files, OpenDocument files, EPUB books.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;
use zip::result::ZipError;

use super::encoding::decode;
use super::sniff::mismatch;
use super::xml::attribute;
use super::{MediaType, ParseError, ParseLimits};

/// The archive, with one budget for all unpacked data.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    budget: u64,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &ParseLimits) -> Result<Self, ParseError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ParseError::Damaged)?;
        if archive.len() > limits.max_archive_entries {
            return Err(ParseError::TooLarge);
        }
        let names = archive
            .file_names()
            .filter_map(|name| name.ok().map(Cow::into_owned))
            .collect();
        Ok(Self {
            archive,
            names,
            budget: limits.max_expanded_bytes as u64,
        })
    }

    /// Returns the name if there is such a part.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        self.names.iter().find(|n| *n == name).cloned()
    }

    /// Returns the first part whose name starts so.
    pub(super) fn find_start(&self, start: &str) -> Option<String> {
        self.names.iter().find(|n| n.starts_with(start)).cloned()
    }

    /// The error for an archive that holds another kind of document than declared.
    pub(super) fn mismatch(&mut self, declared: MediaType) -> ParseError {
        mismatch(declared, self.kind())
    }

    /// Names the kind of document by its parts, for people.
    fn kind(&mut self) -> &'static str {
        let mimetype = self.part("mimetype").ok().flatten().unwrap_or_default();
        let kinds = [
            ("application/epub+zip", "an EPUB book"),
            (MediaType::Odt.as_mime(), "an OpenDocument text"),
            (MediaType::Ods.as_mime(), "an OpenDocument spreadsheet"),
            (MediaType::Odp.as_mime(), "an OpenDocument presentation"),
            ("application/vnd.oasis.opendocument", "an OpenDocument file"),
        ];
        if let Some((_, kind)) = kinds.iter().find(|(mime, _)| mimetype.starts_with(mime)) {
            return kind;
        }
        let types = self.part("[Content_Types].xml").ok().flatten();
        let types = types.unwrap_or_default();
        let holds = |main: &str, folder: &str| {
            types.contains(main) || self.names.iter().any(|n| n.starts_with(folder))
        };
        if holds("wordprocessingml.document.main", "word/") {
            "a Word document"
        } else if holds("spreadsheetml.sheet.main", "xl/") {
            "an Excel workbook"
        } else if holds("presentationml.presentation.main", "ppt/") {
            "a PowerPoint presentation"
        } else if self.find("META-INF/container.xml").is_some() {
            "an EPUB book"
        } else if self.find("content.xml").is_some() {
            "an OpenDocument file"
        } else {
            "a ZIP archive"
        }
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
        let content = match String::from_utf8(content) {
            Ok(text) => return Ok(Some(text)),
            Err(error) => error.into_bytes(),
        };
        // The parts of an archive declare their encoding like any XML.
        let decoded = decode(&content, None, true).map_err(|_| ParseError::Damaged)?;
        Ok(Some(decoded.text.into_owned()))
    }

    /// Returns a part that must exist.
    pub(super) fn needed(&mut self, name: &str) -> Result<String, ParseError> {
        self.part(name)?.ok_or(ParseError::Damaged)
    }

    /// Returns the relations of an Office part.
    pub(super) fn relations(&mut self, part: &str) -> Result<Relations, ParseError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}/_rels/{file}.rels");
        let xml = self.part(name.trim_start_matches('/'))?;
        Relations::read(xml.as_deref().unwrap_or_default(), folder)
    }
}

/// The parts that an Office part refers to.
#[derive(Default)]
pub(super) struct Relations {
    /// The kind and the part of each id.
    by_id: HashMap<String, (String, String)>,
}

impl Relations {
    fn read(xml: &str, folder: &str) -> Result<Self, ParseError> {
        let mut relations = Self::default();
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e)
                    if e.local_name().into_inner() == "Relationship"
                        && attribute(&e, "TargetMode").as_deref() != Some("External") =>
                {
                    let get = |name| attribute(&e, name).unwrap_or_default();
                    let target = resolve_path(folder, &get("Target"));
                    relations.by_id.insert(get("Id"), (get("Type"), target));
                }
                Event::Eof => return Ok(relations),
                _ => {}
            }
        }
    }

    /// Returns the part with an id.
    pub(super) fn part(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(|(_, part)| part.as_str())
    }

    /// Returns the part whose kind ends so.
    pub(super) fn of_kind(&self, kind: &str) -> Option<&str> {
        let mut parts = self.by_id.values();
        parts
            .find(|(k, _)| k.ends_with(kind))
            .map(|(_, part)| part.as_str())
    }
}

/// Resolves a reference between the parts of an archive. It never leaves the archive.
pub(super) fn resolve_path(folder: &str, target: &str) -> String {
    let (folder, target) = match target.strip_prefix('/') {
        Some(absolute) => ("", absolute),
        None => (folder, target),
    };
    let mut path: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stay_inside_the_archive() {
        for (folder, target, path) in [
            ("ppt", "slides/slide1.xml", "ppt/slides/slide1.xml"),
            ("ppt/slides", "../notes/n1.xml", "ppt/notes/n1.xml"),
            ("ppt", "/xl/a.xml", "xl/a.xml"),
            ("ppt", "../../../etc/passwd", "etc/passwd"),
            ("", "./a//b", "a/b"),
        ] {
            assert_eq!(resolve_path(folder, target), path);
        }
    }
}
