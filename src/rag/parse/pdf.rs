//! PDF: reads text page by page, joins lines into paragraphs, and treats larger type as headings.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Dictionary, Document, Error, Object, output_doc_page};

use super::builder::Builder;
use super::pdf_layout::{Glyphs, Line, push_pages};
use super::{Doubt, ParseError, ParseLimits, ParsedDocument, Warning};
use super::{pdf_content, pdf_fonts, pdf_left_out, pdf_legible};

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    // Catches panics, which the parser raises for malformed files; no state outlives the unwinding.
    catch_unwind(AssertUnwindSafe(|| parse_unguarded(bytes, limits)))
        .unwrap_or(Err(ParseError::Damaged))
}

fn parse_unguarded(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let mut document = load(bytes)?;
    let pages = document.get_pages();
    if pages.is_empty() {
        return Err(ParseError::Damaged);
    }
    if pages.len() > limits.max_pages {
        return Err(ParseError::TooLarge);
    }
    let title = info_title(&document);
    pdf_content::simplify(&mut document, pages.values().copied());
    pdf_fonts::simplify(&mut document);
    let mut read = Vec::with_capacity(pages.len());
    let mut doubts = Vec::with_capacity(pages.len());
    let mut size = 0;
    for number in pages.keys() {
        let lines = page_lines(&document, *number);
        let doubt = doubt_of(lines.as_deref());
        let lines = lines.unwrap_or_default();
        size += lines.iter().map(|l| l.text.len()).sum::<usize>();
        if size > limits.max_text_bytes {
            return Err(ParseError::TooLarge);
        }
        read.push(lines);
        doubts.push(doubt);
    }
    pdf_left_out::remove(&mut read, &doubts);
    let mut builder = Builder::new(limits);
    push_pages(&mut builder, &read)?;
    let title = title.or_else(|| builder.first_heading());
    let parsed = builder.finish(title.as_deref());
    let warnings = Warning::of_pages(&doubts);
    match parsed {
        Ok(parsed) => Ok(ParsedDocument { warnings, ..parsed }),
        // The document had text, but every page of it was left out.
        Err(ParseError::Empty) if !warnings.is_empty() => Err(nothing_left(&doubts)),
        Err(error) => Err(error),
    }
}

fn doubt_of(lines: Option<&[Line]>) -> Option<Doubt> {
    let Some(lines) = lines else {
        return Some(Doubt::Damage);
    };
    if lines.iter().any(|line| line.doubtful) {
        return Some(Doubt::Numbers);
    }
    pdf_legible::doubt(lines.iter().map(|line| line.text.as_str()))
}

fn nothing_left(doubts: &[Option<Doubt>]) -> ParseError {
    let of_text = |doubt: &Option<Doubt>| matches!(doubt, Some(Doubt::Glyphs | Doubt::Numbers));
    if doubts.iter().any(of_text) {
        ParseError::Unreadable
    } else {
        ParseError::Damaged
    }
}

fn load(bytes: &[u8]) -> Result<Document, ParseError> {
    let mut document = Document::load_mem(bytes).map_err(|error| match error {
        Error::Decryption(_) | Error::InvalidPassword | Error::UnsupportedSecurityHandler(_) => {
            ParseError::Encrypted
        }
        _ => ParseError::Damaged,
    })?;
    // Files that anyone can open are often encrypted with the empty password.
    if document.is_encrypted() {
        document.decrypt("").map_err(|_| ParseError::Encrypted)?;
    }
    Ok(document)
}

/// Returns a page's lines, or `None` if it cannot be read. The extractor panics on malformed pages.
fn page_lines(document: &Document, number: u32) -> Option<Vec<Line>> {
    let lines = catch_unwind(AssertUnwindSafe(|| {
        let mut glyphs = Glyphs::default();
        output_doc_page(document, &mut glyphs, number).map(|()| glyphs.into_lines())
    }));
    lines.ok()?.ok()
}

/// Returns the title of the information dictionary, unless a program put a file name there.
fn info_title(document: &Document) -> Option<String> {
    let info = resolve(document, document.trailer.get(b"Info").ok()?)?;
    let Object::String(bytes, _) = info.get_deref(b"Title", document).ok()? else {
        return None;
    };
    let title = text_string(bytes)?;
    let lower = title.to_lowercase();
    let generated = lower.starts_with("microsoft word")
        || lower == "untitled"
        || [".doc", ".docx", ".pdf", ".indd", ".odt"]
            .iter()
            .any(|end| lower.ends_with(end));
    (!generated && !title.trim().is_empty()).then_some(title)
}

fn resolve<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    match object {
        Object::Reference(id) => document.get_dictionary(*id).ok(),
        other => other.as_dict().ok(),
    }
}

/// Decodes a PDF text string: UTF-16 or UTF-8 with a byte order mark, otherwise similar to Latin-1.
fn text_string(bytes: &[u8]) -> Option<String> {
    if let Some(utf16) = bytes.strip_prefix(b"\xFE\xFF") {
        let units = utf16
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| u16::from_be_bytes(*pair));
        return char::decode_utf16(units).collect::<Result<_, _>>().ok();
    }
    let utf8 = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(utf8) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => Some(bytes.iter().copied().map(char::from).collect()),
    }
}
