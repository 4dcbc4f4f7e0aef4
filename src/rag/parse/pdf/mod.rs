//! PDF: reads each page as a person sees it, puts its text in reading order, and joins lines into
//! paragraphs, lists, headings and tables.
//!
//! `hayro` interprets the file; this module only judges which glyphs are seen and how they form
//! text.

mod characters;
mod direction;
mod fields;
mod hyphens;
mod left_out;
mod legible;
mod page;
mod paragraphs;
mod regions;
mod segments;
mod strings;
mod tables;

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_interpret::hayro_syntax::object::dict::keys::{CONTENTS, COUNT, PAGES};
use hayro_interpret::hayro_syntax::object::{Dict, Object};
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::hayro_syntax::{LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, Rect};
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, interpret_page};

use super::builder::Builder;
use super::{Doubt, ParseError, ParseLimits, ParsedDocument, Warning};
use characters::Characters;
use page::Sheet;
use regions::Piece;

/// A page with this share of pictures and no text is a scan.
const PICTURED: f64 = 0.2;

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    // Catches panics on malformed files; no state outlives the unwinding.
    catch_unwind(AssertUnwindSafe(|| parse_unguarded(bytes, limits)))
        .unwrap_or(Err(ParseError::Damaged))
}

/// The text of a page, and the reason not to trust it.
struct Read {
    pieces: Vec<Piece>,
    doubt: Option<Doubt>,
    hidden: usize,
}

fn parse_unguarded(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(_) => ParseError::Encrypted,
        LoadPdfError::Invalid => ParseError::Damaged,
    })?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(ParseError::Damaged);
    }
    if pages.len() > limits.max_pages {
        return Err(ParseError::TooLarge);
    }
    let cache = InterpreterCache::new();
    let mut characters = Characters::default();
    let mut read = Vec::with_capacity(pages.len());
    let mut doubts = Vec::with_capacity(pages.len());
    let mut size = 0;
    let mut builder = Builder::new(limits);
    for page in pages.iter() {
        let own = read_page(&pdf, page, &cache, &mut characters);
        size += own.pieces.iter().map(Piece::len).sum::<usize>();
        if size > limits.max_text_bytes {
            return Err(ParseError::TooLarge);
        }
        builder.hide_words(own.hidden);
        read.push(own.pieces);
        doubts.push(own.doubt);
    }
    doubts.extend(missing_pages(&pdf, pages.len(), limits).map(|()| Some(Doubt::Damage)));
    left_out::remove(&mut read, &doubts);
    paragraphs::push_pages(&mut builder, &read)?;
    let title = info_title(&pdf).or_else(|| builder.first_heading());
    let parsed = builder.finish(title.as_deref());
    let warnings = Warning::of_pages(&doubts);
    match parsed {
        Ok(mut parsed) => {
            parsed.warnings.splice(0..0, warnings);
            Ok(parsed)
        }
        // The document had text, but every page of it was left out.
        Err(ParseError::Empty) if !warnings.is_empty() => Err(nothing_left(&doubts)),
        Err(error) => Err(error),
    }
}

/// Reads a page. The interpreter may panic on malformed ones.
fn read_page<'a>(
    pdf: &'a Pdf,
    page: &Page<'a>,
    cache: &InterpreterCache<'a>,
    characters: &mut Characters,
) -> Read {
    let sheet = catch_unwind(AssertUnwindSafe(|| sheet(pdf, page, cache, characters)));
    let damaged = Read {
        pieces: Vec::new(),
        doubt: Some(Doubt::Damage),
        hidden: 0,
    };
    let Ok(sheet) = sheet else {
        return damaged;
    };
    if sheet.glyphs.is_empty() && lost_content(page) {
        return damaged;
    }
    let (pictured, hidden) = (sheet.pictured, sheet.hidden);
    let mut pieces = Vec::new();
    for turned in segments::by_direction(sheet.glyphs, &sheet.rules) {
        pieces.extend(regions::arrange(turned.segments, &turned.rules));
    }
    pieces.iter_mut().for_each(Piece::mirror);
    let doubt = if pieces.is_empty() && pictured > PICTURED {
        Some(Doubt::Picture)
    } else {
        legible::doubt_of(&pieces)
    };
    legible::plain_marks(&mut pieces);
    Read {
        pieces,
        doubt,
        hidden,
    }
}

fn sheet<'a>(
    pdf: &'a Pdf,
    page: &Page<'a>,
    cache: &InterpreterCache<'a>,
    characters: &mut Characters,
) -> Sheet {
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let transform = Affine::new(page.initial_transform(true).as_coeffs());
    let settings = InterpreterSettings::default();
    let mut context = Context::new(transform, area, cache, pdf.xref(), settings);
    let mut reader = page::Reader::new(area, characters);
    interpret_page(page, &mut context, &mut reader);
    let mut sheet = reader.into_sheet();
    fields::add(pdf, page, transform, &mut sheet);
    sheet
}

/// Whether a page names content that cannot be read.
fn lost_content(page: &Page<'_>) -> bool {
    match page.raw().get::<Object<'_>>(CONTENTS) {
        Some(Object::Stream(stream)) => {
            let is_blank = |bytes: &[u8]| bytes.trim_ascii().is_empty();
            !is_blank(&stream.raw_data()) && page.page_stream().is_none_or(is_blank)
        }
        Some(Object::Array(all)) => {
            let mut parts = all.iter::<Object<'_>>().peekable();
            parts.peek().is_some() && page.page_stream().is_none_or(|s| s.trim_ascii().is_empty())
        }
        Some(_) => true,
        None => page.raw().contains_key(CONTENTS),
    }
}

/// The pages that the file counts at its end but does not hold.
fn missing_pages(pdf: &Pdf, found: usize, limits: &ParseLimits) -> impl Iterator<Item = ()> {
    let xref = pdf.xref();
    let stated = xref
        .get::<Dict<'_>>(xref.root_id())
        .and_then(|root| root.get::<Dict<'_>>(PAGES))
        .and_then(|pages| pages.get::<u32>(COUNT))
        .and_then(|count| usize::try_from(count).ok())
        .filter(|count| *count <= limits.max_pages)
        .unwrap_or(found);
    (found..stated).map(|_| ())
}

fn nothing_left(doubts: &[Option<Doubt>]) -> ParseError {
    let has = |is_it: fn(&Doubt) -> bool| doubts.iter().flatten().any(is_it);
    if has(|doubt| matches!(doubt, Doubt::Glyphs(_) | Doubt::Numbers)) {
        ParseError::Unreadable
    } else if has(|doubt| *doubt == Doubt::Damage) && !has(|doubt| *doubt == Doubt::Picture) {
        ParseError::Damaged
    } else {
        ParseError::Empty
    }
}

/// Returns the title of the information dictionary, unless a program put a file name there.
fn info_title(pdf: &Pdf) -> Option<String> {
    let title = strings::text_string(pdf.metadata().title.as_deref()?)?;
    let lower = title.to_lowercase();
    let generated = lower.starts_with("microsoft word")
        || matches!(lower.trim(), "untitled" | "(anonymous)" | "(unspecified)")
        || [".doc", ".docx", ".pdf", ".indd", ".odt"]
            .iter()
            .any(|end| lower.ends_with(end));
    (!generated && !title.trim().is_empty()).then_some(title)
}
