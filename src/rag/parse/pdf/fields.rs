//! Values of form fields and text of notes that the file does not draw.
//!
//! A viewer draws them itself, so a person sees them beside their labels.

use hayro_interpret::hayro_syntax::object::{
    Array, Dict, Name, Object, Rect as Place, String as PdfString,
};
use hayro_interpret::kurbo::{Affine, Point, Rect};

use super::characters;
use super::sheet::{Glyph, Sheet};
use super::strings::text_string;

const MAX_ANNOTATIONS: usize = 10_000;
/// Parents of a field that are searched for its value.
const MAX_PARENTS: usize = 16;
const LARGEST_TYPE: f64 = 11.0;
const HIDDEN: u32 = 1 << 1;
const NO_VIEW: u32 = 1 << 5;
const PASSWORD: u32 = 1 << 13;

/// Adds the text of the fields and notes whose place on the page is blank.
pub(super) fn add(annotations: &Array<'_>, transform: Affine, sheet: &mut Sheet) {
    let mut added = Vec::new();
    for annotation in annotations.iter::<Dict<'_>>().take(MAX_ANNOTATIONS) {
        let Some(shown) = shown_by(&annotation) else {
            continue;
        };
        let Some(place) = annotation.get::<Place>(b"Rect".as_slice()) else {
            continue;
        };
        let place = Rect::new(place.x0, place.y0, place.x1, place.y1);
        let place = transform.transform_rect_bbox(place);
        let drawn = sheet
            .glyphs
            .iter()
            .any(|glyph| place.contains(glyph.origin) && !glyph.text.trim().is_empty());
        if !drawn {
            added.extend(written(&shown, place));
        }
    }
    sheet.glyphs.append(&mut added);
}

/// Returns the text that a viewer shows for an annotation.
fn shown_by(annotation: &Dict<'_>) -> Option<String> {
    let flags = annotation.get::<u32>(b"F".as_slice()).unwrap_or(0);
    if flags & (HIDDEN | NO_VIEW) != 0 {
        return None;
    }
    let subtype = annotation.get::<Name<'_>>(b"Subtype".as_slice())?;
    match subtype.as_ref() {
        b"Widget" => value(annotation),
        b"FreeText" | b"Text" | b"Highlight" | b"Underline" | b"Squiggly" | b"StrikeOut"
        | b"Caret" | b"Stamp" | b"Square" | b"Circle" | b"Line" => string(annotation, b"Contents"),
        _ => None,
    }
}

fn string(dict: &Dict<'_>, key: &[u8]) -> Option<String> {
    let text = dict.get::<PdfString<'_>>(key)?;
    text_string(text.as_bytes()).filter(|text| !text.trim().is_empty())
}

/// Returns the value of a form field, which a parent may hold.
fn value(widget: &Dict<'_>) -> Option<String> {
    let mut field = widget.clone();
    let (mut kind, mut found) = (None, None);
    for _ in 0..MAX_PARENTS {
        let flags = field.get::<u32>(b"Ff".as_slice()).unwrap_or(0);
        kind = kind.or_else(|| Some(field.get::<Name<'_>>(b"FT".as_slice())?.as_ref().to_vec()));
        if kind.as_deref() == Some(b"Tx") && flags & PASSWORD != 0 {
            return None;
        }
        found = found.or_else(|| stated(&field));
        match field.get::<Dict<'_>>(b"Parent".as_slice()) {
            Some(parent) if found.is_none() || kind.is_none() => field = parent,
            _ => break,
        }
    }
    let found = found?;
    if kind.as_deref() != Some(b"Btn") {
        return Some(found);
    }
    let state = widget.get::<Name<'_>>(b"AS".as_slice());
    let is_on = match &state {
        Some(state) => state.as_ref() != b"Off",
        None => found != "Off",
    };
    is_on.then(|| "☒".to_owned())
}

fn stated(field: &Dict<'_>) -> Option<String> {
    match field.get::<Object<'_>>(b"V".as_slice())? {
        Object::String(text) => text_string(text.as_bytes()),
        Object::Name(name) => Some(String::from_utf8_lossy(name.as_ref()).into_owned()),
        Object::Array(all) => {
            let chosen = all.iter::<PdfString<'_>>();
            let texts: Vec<String> = chosen.filter_map(|t| text_string(t.as_bytes())).collect();
            Some(texts.join(", "))
        }
        _ => None,
    }
    .filter(|text| !text.trim().is_empty())
}

/// Writes a text into its place, one glyph for each line.
fn written(text: &str, place: Rect) -> Vec<Glyph> {
    let lines: Vec<&str> = text
        .split(['\n', '\r'])
        .filter(|line| !line.trim().is_empty())
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a field has few lines")]
    let height = place.height() / lines.len().max(1) as f64;
    let size = (height * 0.75).clamp(4.0, LARGEST_TYPE);
    let mut y = place.y0 + height.min(size * 1.4) * 0.5 + size * 0.35;
    if lines.len() == 1 {
        y = place.center().y + size * 0.35;
    }
    let mut glyphs = Vec::with_capacity(lines.len());
    for line in lines {
        #[expect(clippy::cast_precision_loss, reason = "a line is short")]
        let advance = (line.chars().count() as f64 * size * 0.5).min(place.width());
        glyphs.push(Glyph {
            text: characters::plain(line),
            origin: Point::new(place.x0 + 1.0, y),
            advance,
            size,
            angle: 0,
            is_bold: false,
            order: None,
        });
        y += height.min(size * 1.4);
    }
    glyphs
}
