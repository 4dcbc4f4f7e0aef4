//! Parsing without a sandbox: the one place that knows every format's parser.

use super::document::ParsedDocument;
use super::error::ParseError;
use super::limits::ParseLimits;
use super::media_type::MediaType;
use super::{docx, html, markdown, pdf, plain, sniff};

/// Parses a document in this process.
///
/// Use [`Sandbox`](super::sandbox::Sandbox) for documents of unknown origin: a parser may use up all memory,
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
