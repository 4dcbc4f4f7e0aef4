//! A parsed document.

use serde::{Deserialize, Serialize};

use super::note::Note;
use super::warning::Warning;

/// A parsed document: text with structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedDocument {
    /// The text contains no control characters except line feed and tab.
    pub text: String,
    /// The title that the document itself contains.
    pub title: Option<String>,
    /// The blocks in order, without overlap; every character except white space is in one.
    pub blocks: Vec<Block>,
    /// The start of each page as a char offset, ascending; empty if the format has no pages. A page
    /// without text starts where the next one does.
    pub pages: Vec<usize>,
    /// The parts that were left out.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// How the document was read, where that is not evident.
    #[serde(default)]
    pub notes: Vec<Note>,
}

impl ParsedDocument {
    /// Returns what the uploader should know about the document, in words for people.
    pub fn remarks(&self) -> Vec<String> {
        let notes = self.notes.iter().map(ToString::to_string);
        let warnings = self.warnings.iter().map(ToString::to_string);
        notes.chain(warnings).collect()
    }
}

/// A structural part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// The number of lists that contain a list item; 0 if unknown.
    #[serde(default)]
    pub depth: u8,
    /// Char offsets into the text, half-open.
    pub start: usize,
    pub end: usize,
}

/// The kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The heading's level: 1 is the highest, 9 the lowest.
    Heading(u8),
    Paragraph,
    ListItem,
    /// The title of a table; it governs the rows that follow it.
    Caption,
    /// The column names of a table; they govern the rows up to the next block of another kind.
    TableHeader,
    TableRow,
    Code,
}
