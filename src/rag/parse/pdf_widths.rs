//! The widths of glyphs, from which the gaps between glyphs follow. A glyph that seems too narrow
//! leaves a gap that looks like a space, and splits a number.

use std::collections::BTreeMap;

use pdf_extract::{Dictionary, Document, Object};

/// The most glyphs with a width, over all ranges of one font.
const MAX_GLYPHS: usize = 65_536;
/// In thousandths of the type size; digits of most fonts are between 500 and 560 wide.
const USUAL: f64 = 550.0;

/// Gives a simple font the widths of all codes, or the name of a core font with known widths.
pub(super) fn set(document: &Document, font: &Dictionary, name: &str, plain: &mut Dictionary) {
    let core = core_font(name);
    plain.set("BaseFont", Object::Name(core.into()));
    let Some(widths) = simple(document, font) else {
        if core != "Symbol" {
            plain.set("Encoding", known_names(document, font));
        }
        return;
    };
    set_all(plain, &widths);
}

/// Sets the widths of a composite font with codes of one byte.
pub(super) fn set_of_one_byte(document: &Document, font: &Dictionary, plain: &mut Dictionary) {
    let inner = font
        .get_deref(b"DescendantFonts", document)
        .and_then(Object::as_array)
        .ok()
        .and_then(|fonts| fonts.first())
        .and_then(|inner| document.dereference(inner).ok()?.1.as_dict().ok());
    let widths = inner.map(|inner| glyph_widths(document, inner));
    let widths = widths.unwrap_or_default();
    let all: Vec<f64> = (0..=255)
        .map(|code| widths.get(&code).copied().unwrap_or(USUAL))
        .collect();
    plain.set("BaseFont", Object::Name(b"Helvetica".to_vec()));
    set_all(plain, &all);
}

fn set_all(plain: &mut Dictionary, widths: &[f64]) {
    plain.set("FirstChar", 0);
    plain.set("LastChar", 255);
    let widths = widths.iter().map(|width| real(*width));
    plain.set("Widths", widths.collect::<Vec<_>>());
}

/// Returns the widths that the font states, for all 256 codes.
fn simple(document: &Document, font: &Dictionary) -> Option<Vec<f64>> {
    let stated = font.get_deref(b"Widths", document).ok()?.as_array().ok()?;
    let first = font.get_deref(b"FirstChar", document).ok()?.as_i64().ok()?;
    let first = usize::try_from(first).ok().filter(|first| *first < 256)?;
    let scale = if is_of_type(font, b"Type3") {
        scale_of(document, font)
    } else {
        1.0
    };
    let stated: Vec<f64> = stated
        .iter()
        .take(256 - first)
        .map(|width| number(document, width).unwrap_or(0.0) * scale)
        .collect();
    let missing = font
        .get_deref(b"FontDescriptor", document)
        .and_then(Object::as_dict)
        .ok()
        .and_then(|d| number(document, d.get(b"MissingWidth").ok()?))
        .filter(|width| *width > 0.0)
        .unwrap_or(USUAL);
    let mut widths = vec![missing; first];
    // Programs write no width for a glyph that they do not use.
    widths.extend(
        stated
            .into_iter()
            .map(|w| if w == 0.0 { missing } else { w }),
    );
    widths.resize(256, missing);
    Some(widths)
}

pub(super) fn is_of_type(font: &Dictionary, subtype: &[u8]) -> bool {
    matches!(font.get(b"Subtype").and_then(Object::as_name), Ok(own) if own == subtype)
}

/// Type 3 fonts choose their own unit; the others use a thousandth of the type size.
fn scale_of(document: &Document, font: &Dictionary) -> f64 {
    let matrix = font.get_deref(b"FontMatrix", document);
    let first = matrix
        .ok()
        .and_then(|m| m.as_array().ok()?.first())
        .and_then(|a| number(document, a));
    first.map_or(1.0, |a| (a * 1_000.0).abs())
}

/// Returns the names of the glyphs in the core fonts, without their variants.
fn known_names(document: &Document, font: &Dictionary) -> Object {
    let mut encoding = Dictionary::new();
    encoding.set("Type", "Encoding");
    encoding.set("BaseEncoding", "WinAnsiEncoding");
    let stated = font
        .get_deref(b"Encoding", document)
        .and_then(Object::as_dict)
        .and_then(|e| e.get_deref(b"Differences", document))
        .and_then(Object::as_array);
    let mut differences = Vec::new();
    let mut code = 0_i64;
    for entry in stated.into_iter().flatten() {
        match document.dereference(entry).map(|(_, entry)| entry) {
            Ok(Object::Integer(next)) => code = *next,
            Ok(Object::Name(name)) => {
                let base = name.split(|b| *b == b'.').next().unwrap_or_default();
                if (0..256).contains(&code) {
                    differences.push(Object::Integer(code));
                    differences.push(Object::Name(base.to_vec()));
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    encoding.set("Differences", differences);
    Object::Dictionary(encoding)
}

/// The most similar core font.
fn core_font(name: &str) -> &'static str {
    let lower = name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    let is_bold = has(&["bold", "black", "heavy"]);
    if lower.starts_with("symbol") {
        "Symbol"
    } else if has(&["cour", "mono", "consol"]) {
        "Courier"
    } else if has(&["times", "serif", "roman", "georgia", "garamond"]) && !has(&["sans"]) {
        if is_bold { "Times-Bold" } else { "Times-Roman" }
    } else if is_bold {
        "Helvetica-Bold"
    } else {
        "Helvetica"
    }
}

/// Returns a composite font's widths, one entry per glyph.
pub(super) fn by_glyph(document: &Document, font: &Dictionary) -> Option<Object> {
    font.get(b"W").ok()?;
    let mut entries = Vec::new();
    for (glyph, width) in glyph_widths(document, font) {
        entries.push(Object::Integer(glyph));
        entries.push(Object::Array(vec![real(width)]));
    }
    Some(Object::Array(entries))
}

/// Reads `first [width …]`, which lists a width per glyph, and `first last width`, which gives all
/// of them the same.
fn glyph_widths(document: &Document, font: &Dictionary) -> BTreeMap<i64, f64> {
    let mut widths = BTreeMap::new();
    let stated = font
        .get_deref(b"W", document)
        .and_then(Object::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut rest = stated;
    let mut assigned = 0;
    while let [first, second, after @ ..] = rest {
        let Some(first) = whole(document, first) else {
            break;
        };
        rest = after;
        let second = document.dereference(second).map(|(_, second)| second);
        if let Ok(Object::Array(own)) = second {
            assigned += own.len();
            for (glyph, width) in (first..).zip(own) {
                if let Some(width) = number(document, width) {
                    widths.insert(glyph, width);
                }
            }
        } else if let Some(last) = second.ok().and_then(|last| whole(document, last)) {
            let [width, after @ ..] = rest else { break };
            rest = after;
            let Some(width) = number(document, width) else {
                break;
            };
            for glyph in (first..=last).take(MAX_GLYPHS) {
                assigned += 1;
                widths.insert(glyph, width);
            }
        } else {
            break;
        }
        if assigned > 2 * MAX_GLYPHS {
            break;
        }
    }
    widths
}

fn whole(document: &Document, object: &Object) -> Option<i64> {
    document.dereference(object).ok()?.1.as_i64().ok()
}

fn number(document: &Document, object: &Object) -> Option<f64> {
    match document.dereference(object).ok()?.1 {
        #[expect(clippy::cast_precision_loss, reason = "widths are small")]
        Object::Integer(number) => Some(*number as f64),
        Object::Real(number) => Some(f64::from(*number)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "widths are small")]
fn real(width: f64) -> Object {
    Object::Real(width as f32)
}
