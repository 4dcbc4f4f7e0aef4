//! Turns the bytes of an uploaded document into text with structure.
//!
//! Every offset counts Unicode scalar values of [`ParsedDocument::text`], which is final: white
//! space, control characters and line joins are normalised before offsets are taken. The same bytes
//! always give the same text.

mod builder;
mod css;
mod css_media;
mod docx;
mod docx_styles;
mod html;
mod html_visibility;
mod markdown;
mod pdf;
mod pdf_content;
mod pdf_fonts;
mod pdf_glyphs;
mod pdf_layout;
mod pdf_left_out;
mod pdf_legible;
mod pdf_widths;
mod plain;
pub mod sandbox;
mod sniff;
#[cfg(test)]
mod tests;
mod warning;
mod worker;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use warning::{Doubt, Warning};
pub use worker::{WorkerLimits, run_worker};

/// The formats that can be parsed. A format serialises as its MIME type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaType {
    #[serde(rename = "text/markdown")]
    Markdown,
    #[serde(rename = "text/plain")]
    Text,
    #[serde(rename = "text/html")]
    Html,
    #[serde(rename = "application/pdf")]
    Pdf,
    #[serde(rename = "application/vnd.openxmlformats-officedocument.wordprocessingml.document")]
    Docx,
}

impl MediaType {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Markdown,
        Self::Text,
        Self::Html,
        Self::Pdf,
        Self::Docx,
    ];

    /// Returns the format of a `Content-Type`; parameters and case are ignored.
    pub fn from_mime(mime: &str) -> Option<Self> {
        let essence = mime.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "text/markdown" | "text/x-markdown" => Some(Self::Markdown),
            "text/plain" => Some(Self::Text),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "application/pdf" | "application/x-pdf" => Some(Self::Pdf),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => {
                Some(Self::Docx)
            }
            _ => None,
        }
    }

    /// Returns the format of a file name's extension, with or without the dot.
    pub fn from_extension(extension: &str) -> Option<Self> {
        let extension = extension.strip_prefix('.').unwrap_or(extension);
        match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "txt" | "text" => Some(Self::Text),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "pdf" => Some(Self::Pdf),
            "docx" => Some(Self::Docx),
            _ => None,
        }
    }

    /// Returns the MIME type without parameters.
    pub fn as_mime(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown",
            Self::Text => "text/plain",
            Self::Html => "text/html",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// Returns the name that people use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::Text => "plain text",
            Self::Html => "HTML",
            Self::Pdf => "PDF",
            Self::Docx => "Word (DOCX)",
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_mime())
    }
}

impl FromStr for MediaType {
    type Err = String;

    fn from_str(mime: &str) -> Result<Self, Self::Err> {
        Self::from_mime(mime).ok_or_else(|| "not a supported media type".to_owned())
    }
}

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
    TableRow,
    Code,
}

/// The reason why a document cannot be used, in words for the uploader. It contains no document
/// text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ParseError {
    #[error("The file is encrypted. Upload a version without a password.")]
    Encrypted,
    #[error("The file is damaged or incomplete. Open it, save it again and upload the new file.")]
    Damaged,
    #[error("The file was uploaded as {declared}, but it is {found}. Upload it with its own type.")]
    Mismatch { declared: String, found: String },
    #[error("The file is not UTF-8 text. Save it with the encoding UTF-8 and upload it again.")]
    NotUtf8,
    #[error(
        "No text was found in the file. It looks like a scan: run text recognition (OCR) on it and \
         upload the result."
    )]
    Empty,
    #[error(
        "The characters of the file cannot be told from its fonts, so numbers could be read \
         wrongly. Save it again from the program it was written with, or run text recognition \
         (OCR) on it, and upload the result."
    )]
    Unreadable,
    #[error("The file contains more than can be processed. Split it and upload the parts.")]
    TooLarge,
    #[error(
        "The page nests its elements more than {most} levels deep. Save it again as a simpler page \
         and upload that."
    )]
    TooDeep { most: usize },
    #[error("Reading the file took too long. Simplify or split it and upload it again.")]
    TimedOut,
    #[error("Reading the file needs more memory than is allowed. Split it and upload the parts.")]
    OutOfMemory,
    #[error("The file could not be read. Save it again in another program and upload the result.")]
    Crashed,
}

impl ParseError {
    /// A stable name for logs, metrics and clients.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Damaged => "damaged",
            Self::Mismatch { .. } => "mismatch",
            Self::NotUtf8 => "not_utf8",
            Self::Empty => "empty",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::TooDeep { .. } => "too_deep",
            Self::TimedOut => "timed_out",
            Self::OutOfMemory => "out_of_memory",
            Self::Crashed => "crashed",
        }
    }
}

/// The limits for the content of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParseLimits {
    /// Bytes of the upload.
    pub max_input_bytes: usize,
    /// Bytes of the parsed text.
    pub max_text_bytes: usize,
    /// Bytes of all unpacked parts of a DOCX file together.
    pub max_expanded_bytes: usize,
    /// Entries of a DOCX archive.
    pub max_archive_entries: usize,
    /// Pages of a document in a format that has pages.
    pub max_pages: usize,
    /// Structural parts of the parsed text.
    pub max_blocks: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            max_input_bytes: 64 << 20,
            max_text_bytes: 32 << 20,
            max_expanded_bytes: 128 << 20,
            max_archive_entries: 4_096,
            max_pages: 5_000,
            max_blocks: 200_000,
        }
    }
}

/// Parses a document in this process.
///
/// Use [`sandbox::Sandbox`] for documents of unknown origin: a parser may use up all memory,
/// overflow the stack or panic, and only a separate process contains that.
pub fn parse(
    media: MediaType,
    bytes: &[u8],
    limits: &ParseLimits,
) -> Result<ParsedDocument, ParseError> {
    if bytes.len() > limits.max_input_bytes {
        return Err(ParseError::TooLarge);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ParseError::Empty);
    }
    sniff::check(media, bytes)?;
    match media {
        MediaType::Markdown => markdown::parse(sniff::utf8(bytes)?, limits),
        MediaType::Text => plain::parse(sniff::utf8(bytes)?, limits),
        MediaType::Html => html::parse(&sniff::html_text(bytes)?, limits),
        MediaType::Pdf => pdf::parse(bytes, limits),
        MediaType::Docx => docx::parse(bytes, limits),
    }
}
