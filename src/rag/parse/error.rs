//! How a document is refused.

use serde::{Deserialize, Serialize};

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
    #[error(
        "The encoding of the file cannot be told. Save it with the encoding UTF-8 and upload it \
         again."
    )]
    NotUtf8,
    #[error("The file is an image. Run text recognition (OCR) on it first and upload the result.")]
    Image,
    #[error("The file is not text: it contains binary data. Upload it with its own type.")]
    Binary,
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
            Self::Image => "image",
            Self::Binary => "binary",
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
