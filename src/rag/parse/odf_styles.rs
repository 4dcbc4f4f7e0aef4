//! The styles of an OpenDocument file: what is hidden, what is a title, and how lists count.

use std::collections::{HashMap, HashSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::ParseError;
use super::xml::{attribute, number};

/// The longest chain of parent styles that is followed.
const MAX_INHERITANCE: usize = 16;

#[derive(Default)]
pub(super) struct OdfStyles {
    parents: HashMap<String, String>,
    hidden: HashSet<String>,
    /// The first number of each level of a list that counts; `None` for bullets.
    lists: HashMap<String, HashMap<usize, Option<u64>>>,
}

impl OdfStyles {
    /// Adds the styles of a part; those of the content come before those of the document.
    pub(super) fn read(&mut self, xml: &str) -> Result<(), ParseError> {
        let mut reader = Reader::from_str(xml);
        let (mut style, mut list) = (String::new(), String::new());
        loop {
            match reader.read_event().map_err(|_| ParseError::Damaged)? {
                Event::Start(e) | Event::Empty(e) => match e.local_name().into_inner() {
                    "style" => {
                        style = attribute(&e, "name").unwrap_or_default();
                        if let Some(parent) = attribute(&e, "parent-style-name") {
                            self.parents.insert(style.clone(), parent);
                        }
                    }
                    "text-properties" if attribute(&e, "display").as_deref() == Some("none") => {
                        self.hidden.insert(style.clone());
                    }
                    "table-properties" if attribute(&e, "display").as_deref() == Some("false") => {
                        self.hidden.insert(style.clone());
                    }
                    "drawing-page-properties"
                        if attribute(&e, "visibility").as_deref() == Some("hidden") =>
                    {
                        self.hidden.insert(style.clone());
                    }
                    "list-style" => list = attribute(&e, "name").unwrap_or_default(),
                    "list-level-style-bullet" | "list-level-style-image" => {
                        self.level(&list, &e, None);
                    }
                    "list-level-style-number" => {
                        let counts = attribute(&e, "num-format").is_some_and(|f| !f.is_empty());
                        let first = number(&e, "start-value").unwrap_or(1);
                        self.level(&list, &e, counts.then_some(first.into()));
                    }
                    // The text itself needs no second look.
                    "body" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn level(&mut self, list: &str, e: &BytesStart<'_>, first: Option<u64>) {
        let level = number(e, "level").and_then(|n| usize::try_from(n).ok());
        let levels = self.lists.entry(list.to_owned()).or_default();
        levels.entry(level.unwrap_or(1)).or_insert(first);
    }

    fn chain<'a>(&'a self, style: &'a str) -> impl Iterator<Item = &'a str> {
        let parents = std::iter::successors(Some(style), |style| {
            self.parents.get(*style).map(String::as_str)
        });
        parents.take(MAX_INHERITANCE)
    }

    /// Whether text, a table or a slide of a style is not shown.
    pub(super) fn is_hidden(&self, style: &str) -> bool {
        self.chain(style).any(|style| self.hidden.contains(style))
    }

    /// Whether a style is the one for the title of a document.
    pub(super) fn is_title(&self, style: &str) -> bool {
        self.chain(style).any(|style| style == "Title")
    }

    /// Returns the first number of a list at a level, which starts at 1; `None` for bullets.
    pub(super) fn first_number(&self, list: &str, level: usize) -> Option<u64> {
        self.lists.get(list)?.get(&level).copied().flatten()
    }
}
