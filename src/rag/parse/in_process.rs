//! Parsing without a sandbox: the one place that knows every format's parser.

use super::content_type::ContentType;
use super::document::ParsedDocument;
use super::error::ParseError;
use super::limits::ParseLimits;
use super::media_type::MediaType;
use super::{docx, email, encoding, epub, html, markdown, odf, pdf, plain, pptx, rtf, sniff, xlsx};

/// Parses a document in this process.
///
/// Use [`Sandbox`](super::sandbox::Sandbox) for documents of unknown origin: a parser may use up all memory,
/// overflow the stack or panic, and only a separate process contains that.
pub fn parse(
    content: impl Into<ContentType>,
    bytes: &[u8],
    limits: &ParseLimits,
) -> Result<ParsedDocument, ParseError> {
    let content = content.into();
    if bytes.len() > limits.max_input_bytes {
        return Err(ParseError::TooLarge);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ParseError::Empty);
    }
    sniff::check(content.media, bytes)?;
    match content.media {
        MediaType::Markdown => read_text(content, bytes, limits, markdown::parse),
        MediaType::Text => read_text(content, bytes, limits, plain::parse),
        MediaType::Html => read_text(content, bytes, limits, html::parse),
        MediaType::Pdf => pdf::parse(bytes, limits),
        MediaType::Docx => docx::parse(bytes, limits),
        MediaType::Pptx => pptx::parse(bytes, limits),
        MediaType::Xlsx => xlsx::parse(bytes, limits),
        media @ (MediaType::Odt | MediaType::Ods | MediaType::Odp) => {
            odf::parse(media, bytes, limits)
        }
        MediaType::Epub => epub::parse(bytes, limits),
        MediaType::Rtf => rtf::parse(bytes, limits),
        MediaType::Email => email::parse(bytes, limits),
    }
}

fn read_text(
    content: ContentType,
    bytes: &[u8],
    limits: &ParseLimits,
    read: impl Fn(&str, &ParseLimits) -> Result<ParsedDocument, ParseError>,
) -> Result<ParsedDocument, ParseError> {
    let is_page = content.media == MediaType::Html;
    let decoded = encoding::decode(bytes, content.charset, is_page)?;
    let mut document = read(&decoded.text, limits)?;
    document.notes.splice(0..0, decoded.notes);
    Ok(document)
}
