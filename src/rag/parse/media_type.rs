//! The formats, by their media types.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    #[serde(rename = "application/vnd.openxmlformats-officedocument.presentationml.presentation")]
    Pptx,
    #[serde(rename = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    Xlsx,
    #[serde(rename = "application/vnd.oasis.opendocument.text")]
    Odt,
    #[serde(rename = "application/vnd.oasis.opendocument.spreadsheet")]
    Ods,
    #[serde(rename = "application/vnd.oasis.opendocument.presentation")]
    Odp,
    #[serde(rename = "application/epub+zip")]
    Epub,
    #[serde(rename = "application/rtf")]
    Rtf,
    #[serde(rename = "message/rfc822")]
    Email,
}

impl MediaType {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Markdown,
        Self::Text,
        Self::Html,
        Self::Pdf,
        Self::Docx,
        Self::Pptx,
        Self::Xlsx,
        Self::Odt,
        Self::Ods,
        Self::Odp,
        Self::Epub,
        Self::Rtf,
        Self::Email,
    ];

    /// Returns the format of a `Content-Type`; parameters and case are ignored.
    pub fn from_mime(mime: &str) -> Option<Self> {
        let essence = mime.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        match essence.as_str() {
            "text/markdown" | "text/x-markdown" => Some(Self::Markdown),
            "text/plain" => Some(Self::Text),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "application/pdf" | "application/x-pdf" => Some(Self::Pdf),
            "text/rtf" | "application/x-rtf" => Some(Self::Rtf),
            _ => Self::ALL
                .into_iter()
                .find(|media| media.as_mime() == essence),
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
            "pptx" => Some(Self::Pptx),
            "xlsx" => Some(Self::Xlsx),
            "odt" => Some(Self::Odt),
            "ods" => Some(Self::Ods),
            "odp" => Some(Self::Odp),
            "epub" => Some(Self::Epub),
            "rtf" => Some(Self::Rtf),
            "eml" => Some(Self::Email),
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
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Odp => "application/vnd.oasis.opendocument.presentation",
            Self::Epub => "application/epub+zip",
            Self::Rtf => "application/rtf",
            Self::Email => "message/rfc822",
        }
    }

    /// Returns the names of all formats, for people.
    pub fn names() -> String {
        let names = Self::ALL.map(Self::name);
        let (last, others) = names.split_last().unwrap_or((&"", &[]));
        format!("{} or {last}", others.join(", "))
    }

    /// Whether a file of the format is a ZIP archive.
    pub(super) fn is_archive(self) -> bool {
        matches!(
            self,
            Self::Docx | Self::Pptx | Self::Xlsx | Self::Odt | Self::Ods | Self::Odp | Self::Epub
        )
    }

    /// Whether the format is text, which may have any encoding.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Markdown | Self::Text | Self::Html)
    }

    /// Returns the name that people use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::Text => "plain text",
            Self::Html => "HTML",
            Self::Pdf => "PDF",
            Self::Docx => "Word (DOCX)",
            Self::Pptx => "PowerPoint (PPTX)",
            Self::Xlsx => "Excel (XLSX)",
            Self::Odt => "OpenDocument text (ODT)",
            Self::Ods => "OpenDocument spreadsheet (ODS)",
            Self::Odp => "OpenDocument presentation (ODP)",
            Self::Epub => "EPUB",
            Self::Rtf => "RTF",
            Self::Email => "e-mail (EML)",
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
