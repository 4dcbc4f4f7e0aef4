//! PDF: reads each page as a person sees it, puts its text in reading order, and joins lines into
//! paragraphs, lists, headings and tables.
//!
//! `hayro` interprets the file; this module only judges which glyphs are seen and how they form
//! text.

mod characters;
mod direction;
mod fields;
mod furniture;
mod glyphs;
mod grid;
mod gutter;
mod hyphens;
mod left_out;
mod legible;
mod page;
mod paragraphs;
mod regions;
mod runs;
mod segments;
mod shape;
mod sheet;
mod strings;
mod tables;
mod tree;
mod units;

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_interpret::hayro_syntax::object::dict::keys::{ANNOTS, CONTENTS};
use hayro_interpret::hayro_syntax::object::{Array, Object};
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::hayro_syntax::{LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, Rect};
use hayro_interpret::{
    Context, InterpreterCache, InterpreterSettings, RenderContent, interpret_page,
};

use super::builder::Builder;
use super::{Doubt, Extent, ParseError, ParseLimits, ParsedDocument, Warning};
use characters::Characters;
use regions::Piece;
use sheet::Sheet;

/// A page with this share of pictures and no text is a scan.
const PICTURED: f64 = 0.2;
/// A page with a greater share of pictures is a scan even if it has some letters, such as a stamp.
const FULL_PICTURE: f64 = 0.6;
const STAMP: usize = 24;

pub(super) fn parse(bytes: &[u8], limits: &ParseLimits) -> Result<ParsedDocument, ParseError> {
    // Catches panics on malformed files; no state outlives the unwinding.
    catch_unwind(AssertUnwindSafe(|| parse_unguarded(bytes, limits)))
        .unwrap_or(Err(ParseError::Damaged))
}

/// The text of a page, and the reason not to trust it.
struct Read {
    pieces: Vec<Piece>,
    doubt: Option<(Doubt, Extent)>,
    hidden: usize,
}

impl Read {
    fn damaged() -> Self {
        Self {
            pieces: Vec::new(),
            doubt: Some((Doubt::Damage, Extent::Page)),
            hidden: 0,
        }
    }
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
    let mut pages = pages.iter().peekable();
    for is_whole in tree::pages(&pdf, pages.len(), limits.max_pages) {
        let own = match pages.next_if(|_| is_whole) {
            Some(page) => read_page(&pdf, page, &cache, &mut characters),
            None => Read::damaged(),
        };
        size += own.pieces.iter().map(Piece::len).sum::<usize>();
        if size > limits.max_text_bytes {
            return Err(ParseError::TooLarge);
        }
        builder.hide_words(own.hidden);
        read.push(own.pieces);
        doubts.push(own.doubt);
    }
    left_out::remove(&mut read, &doubts);
    let furniture = furniture::move_behind(&mut read);
    paragraphs::push_pages(&mut builder, &read, &furniture)?;
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
    let Ok(sheet) = sheet else {
        return Read::damaged();
    };
    if sheet.glyphs.is_empty() && lost_content(page) {
        return Read::damaged();
    }
    let Sheet {
        glyphs,
        rules,
        hidden,
        pictured,
        is_recognised,
    } = sheet;
    let mut pieces = Vec::new();
    for turned in segments::by_direction(glyphs, &rules) {
        pieces.extend(regions::arrange(turned.segments, &turned.rules));
    }
    pieces.iter_mut().for_each(Piece::mirror);
    let doubt = if !is_recognised && is_picture(&pieces, pictured) {
        pieces.clear();
        Some((Doubt::Picture, Extent::Page))
    } else {
        legible::mark(&mut pieces)
    };
    legible::plain_marks(&mut pieces);
    Read {
        pieces,
        doubt,
        hidden,
    }
}

/// Whether a page is a picture, with at most a page number or a stamp as text.
fn is_picture(pieces: &[Piece], pictured: f64) -> bool {
    let letters = pieces.iter().flat_map(Piece::lines).flat_map(str::chars);
    let letters = letters.filter(|c| c.is_alphabetic()).count();
    (pieces.is_empty() && pictured > PICTURED) || (pictured > FULL_PICTURE && letters < STAMP)
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
    let mut reader = page::Reader::new(area, characters);
    let interpret = |reader: &mut page::Reader<'_>, render_content| {
        let settings = InterpreterSettings {
            render_content,
            ..InterpreterSettings::default()
        };
        let mut context = Context::new(transform, area, cache, pdf.xref(), settings);
        interpret_page(page, &mut context, reader);
    };
    interpret(&mut reader, RenderContent::PAGE);
    let Some(annotations) = page.raw().get::<Array<'_>>(ANNOTS) else {
        return reader.into_sheet();
    };
    reader.begin_annotations();
    interpret(&mut reader, RenderContent::ANNOTATIONS);
    let mut sheet = reader.into_sheet();
    fields::add(&annotations, transform, &mut sheet);
    sheet
}

/// Whether a page names content that cannot be read.
fn lost_content(page: &Page<'_>) -> bool {
    let is_blank = |bytes: &[u8]| bytes.trim_ascii().is_empty();
    let nothing_read = || page.page_stream().is_none_or(is_blank);
    match page.raw().get::<Object<'_>>(CONTENTS) {
        Some(Object::Stream(stream)) => !is_blank(&stream.raw_data()) && nothing_read(),
        Some(Object::Array(all)) => all.iter::<Object<'_>>().next().is_some() && nothing_read(),
        Some(_) => true,
        None => page.raw().contains_key(CONTENTS),
    }
}

fn nothing_left(doubts: &[Option<(Doubt, Extent)>]) -> ParseError {
    let has = |is_it: fn(&Doubt) -> bool| doubts.iter().flatten().any(|(doubt, _)| is_it(doubt));
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
