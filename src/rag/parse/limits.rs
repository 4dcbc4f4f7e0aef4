//! How much a document may hold.

use serde::{Deserialize, Serialize};

/// The limits for the content of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParseLimits {
    /// Bytes of the upload.
    pub max_input_bytes: usize,
    /// Bytes of the parsed text.
    pub max_text_bytes: usize,
    /// Bytes of all unpacked parts of an archive together, such as a DOCX file.
    pub max_expanded_bytes: usize,
    /// Entries of an archive, and parts of an e-mail.
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
