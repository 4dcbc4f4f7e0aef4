//! Checks whether bytes have their declared type.

use super::{MediaType, ParseError};

/// How far into a file a PDF header may start (readers accept leading junk up to this).
const PDF_HEADER_WINDOW: usize = 1_024;

/// The type that the first bytes indicate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Pdf,
    Zip,
    OldOffice,
    Html,
    Rtf,
    Image,
    Compressed,
    Program,
    Other,
}

impl Found {
    fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Zip => "a ZIP archive or Office file",
            Self::OldOffice => "an older Office file (.doc, .xls, .ppt)",
            Self::Html => "HTML",
            Self::Rtf => "RTF",
            Self::Image => "an image",
            Self::Compressed => "a compressed file",
            Self::Program => "a program",
            Self::Other => "something else",
        }
    }
}

/// Fails if the bytes evidently have another type.
pub(super) fn check(media: MediaType, bytes: &[u8]) -> Result<(), ParseError> {
    let found = sniff(bytes);
    let fits = match media {
        MediaType::Pdf => {
            found == Found::Pdf
                || (found == Found::Other
                    && names_pdf(bytes.get(..PDF_HEADER_WINDOW).unwrap_or(bytes)))
        }
        media if media.is_archive() => {
            if found == Found::OldOffice && holds_encrypted_package(bytes) {
                return Err(ParseError::Encrypted);
            }
            found == Found::Zip
        }
        MediaType::Rtf => found == Found::Rtf,
        MediaType::Html => matches!(found, Found::Html | Found::Other),
        _ => found == Found::Other,
    };
    if fits {
        Ok(())
    } else if found == Found::Image {
        Err(ParseError::Image)
    } else {
        Err(mismatch(media, found.name()))
    }
}

/// The error for bytes of another type.
pub(super) fn mismatch(media: MediaType, found: &str) -> ParseError {
    ParseError::Mismatch {
        declared: media.name().to_owned(),
        found: found.to_owned(),
    }
}

fn sniff(bytes: &[u8]) -> Found {
    const MAGIC: [(&[u8], Found); 16] = [
        (b"%PDF-", Found::Pdf),
        (b"PK\x03\x04", Found::Zip),
        (b"PK\x05\x06", Found::Zip),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Found::OldOffice),
        (b"{\\rtf", Found::Rtf),
        (b"\x89PNG", Found::Image),
        (b"\xFF\xD8\xFF", Found::Image),
        (b"GIF8", Found::Image),
        (b"II*\0", Found::Image),
        (b"MM\0*", Found::Image),
        (b"\0\0\0\x0CjP  ", Found::Image),
        (b"\xFF\x0A", Found::Image),
        (b"\x1F\x8B", Found::Compressed),
        (b"7z\xBC\xAF", Found::Compressed),
        (b"\x7FELF", Found::Program),
        (b"MZ\x90\0", Found::Program),
    ];
    if let Some((_, found)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *found;
    }
    if is_boxed_image(bytes) {
        return Found::Image;
    }
    let head = bytes.get(..PDF_HEADER_WINDOW).unwrap_or(bytes);
    if names_pdf(head) && !is_texty(head) {
        return Found::Pdf;
    }
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let start = start.trim_ascii_start().to_ascii_lowercase();
    if start.starts_with(b"%pdf-") {
        Found::Pdf
    } else if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        Found::Html
    } else {
        Found::Other
    }
}

/// Whether the bytes are an image in a container of several kinds: WebP, HEIC or AVIF.
fn is_boxed_image(bytes: &[u8]) -> bool {
    let at = |range: std::ops::Range<usize>| bytes.get(range).unwrap_or_default();
    (at(0..4) == b"RIFF" && at(8..12) == b"WEBP")
        || (at(4..8) == b"ftyp"
            && [b"heic", b"heix", b"mif1", b"msf1", b"avif"]
                .iter()
                .any(|kind| at(8..12) == *kind))
}

fn names_pdf(head: &[u8]) -> bool {
    head.windows(5).any(|w| w == b"%PDF-")
}

fn is_texty(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        // A multi-byte character may be cut off at the end of the window.
        Err(error) => error.error_len().is_none(),
    }
}

/// Whether the file is a password-protected DOCX: an OLE container with a stream of this name in
/// UTF-16.
fn holds_encrypted_package(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bytes.windows(name.len()).any(|w| w == name)
}
