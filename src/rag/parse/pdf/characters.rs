//! The characters of glyphs.

use std::collections::HashMap;

use hayro_interpret::font::Glyph;
use hayro_interpret::hayro_cmap::BfString;
use skrifa::{FontRef, MetadataProvider};
use unicode_normalization::UnicodeNormalization;

use crate::rag::parse::shift::Shift;

/// Replaces a glyph whose character is unknown.
pub(super) const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

/// Finds the character of each glyph, and remembers the characters of embedded fonts.
#[derive(Default)]
pub(super) struct Characters {
    /// The characters by glyph number, by font.
    embedded: HashMap<u128, HashMap<u32, char>>,
    /// Whether a font draws a figure above or below its line.
    shifted: HashMap<u128, Option<Shift>>,
    /// Whether the font of each glyph is bold.
    bold: HashMap<u128, bool>,
}

impl Characters {
    /// Returns the text of a glyph; [`UNKNOWN`] if the file does not tell.
    pub(super) fn of(&mut self, glyph: &Glyph<'_>) -> String {
        let stated = match glyph.as_unicode() {
            Some(BfString::Char('•')) if is_filler(glyph.char_code()) => None,
            Some(BfString::Char(c)) if is_text(c) => Some(String::from(c)),
            Some(BfString::String(text)) if text.chars().all(is_text) => Some(text),
            Some(BfString::Char(c)) if c.is_whitespace() => Some(" ".to_owned()),
            _ => None,
        };
        let text = stated.or_else(|| self.by_embedded_font(glyph).map(String::from));
        let text = text.map_or_else(|| String::from(UNKNOWN), |text| plain(&text));
        if text.len() == 1 && text.bytes().all(|b| b.is_ascii_digit()) {
            return self.as_drawn(glyph, text);
        }
        text
    }

    /// Looks the glyph up in the table by which its own font maps characters to glyphs.
    fn by_embedded_font(&mut self, glyph: &Glyph<'_>) -> Option<char> {
        let Glyph::Outline(outline) = glyph else {
            return None;
        };
        let data = outline.font_data()?;
        let map = self.embedded.entry(data.cache_key).or_insert_with(|| {
            let bytes: &[u8] = (*data.data).as_ref();
            let Ok(font) = FontRef::new(bytes) else {
                return HashMap::new();
            };
            let mut map = HashMap::new();
            for (code, id) in font.charmap().mappings() {
                if let Some(c) = char::from_u32(code).filter(|c| is_text(*c)) {
                    map.entry(id.to_u32()).or_insert(c);
                }
            }
            map
        });
        map.get(&outline.glyph_id().to_u32()).copied()
    }

    /// Whether the glyph's font calls itself bold.
    pub(super) fn is_bold(&mut self, glyph: &Glyph<'_>) -> bool {
        let Glyph::Outline(outline) = glyph else {
            return false;
        };
        let key = outline.identifier().cache_key();
        *self.bold.entry(key).or_insert_with(|| {
            outline.font_data().is_some_and(|font| {
                let name = font.postscript_name.unwrap_or_default().to_lowercase();
                font.weight.is_some_and(|weight| weight >= 600)
                    || ["bold", "black", "heavy"]
                        .iter()
                        .any(|part| name.contains(part))
            })
        })
    }

    /// Keeps a raised or lowered figure apart from the others: ten to the ninth power is not 109.
    fn as_drawn(&mut self, glyph: &Glyph<'_>, digit: String) -> String {
        let Glyph::Outline(outline) = glyph else {
            return digit;
        };
        let key = outline.identifier().cache_key();
        let shift = *self.shifted.entry(key).or_insert_with(|| {
            use hayro_interpret::kurbo::Shape;
            let area = outline.outline().bounding_box();
            if area.y0 > 250.0 && area.height() < 500.0 {
                Some(Shift::Up)
            } else if area.y0 < -50.0 && area.y1 < 450.0 && area.y1 > 100.0 && area.height() < 500.0
            {
                Some(Shift::Down)
            } else {
                None
            }
        });
        match shift {
            Some(shift) => shift.of_figures(&digit),
            None => digit,
        }
    }
}

/// Whether a character is a mark of list items, or may be one in a symbol font.
pub(super) fn is_bullet(c: char) -> bool {
    is_unknown(c)
        || matches!(
            c,
            '•' | '◦'
                | '▪'
                | '■'
                | '□'
                | '●'
                | '○'
                | '‣'
                | '·'
                | '➢'
                | '✓'
                | '✔'
                | '–'
                | '-'
                | '*'
                | 'o'
        )
}

/// Returns the width of a glyph in thousandths of the type size.
pub(super) fn advance(glyph: &Glyph<'_>) -> Option<f64> {
    match glyph {
        Glyph::Outline(outline) => outline.advance_width(),
        Glyph::Type3(own) => own.advance_width(),
    }
    .map(f64::from)
    .filter(|width| *width > 0.0)
}

/// Whether a code is one of the unused codes that Windows' encoding fills with bullets.
fn is_filler(code: u32) -> bool {
    matches!(code, 0x7F | 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)
}

fn is_text(c: char) -> bool {
    !c.is_control() && c != UNKNOWN && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// Spells Latin ligatures and the shapes of Arabic letters with their letters, because nobody
/// searches for "ﬂuid", and gives every space one form.
pub(super) fn plain(text: &str) -> String {
    let is_shape = |c: char| matches!(c, '\u{FB00}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' | '\u{2E80}'..='\u{2FDF}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            out.push(' ');
        } else if let Some(c) = of_variant(c) {
            out.push(c);
        } else if is_shape(c) {
            out.extend(std::iter::once(c).nfkc());
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns the character of a figure or letter that Adobe's glyph list keeps in a private range:
/// old style figures and small capitals.
fn of_variant(c: char) -> Option<char> {
    match c {
        '\u{F730}'..='\u{F739}' | '\u{F761}'..='\u{F77A}' => char::from_u32(u32::from(c) - 0xF700),
        _ => None,
    }
}

/// Whether a character stands for an unknown one.
pub(super) fn is_unknown(c: char) -> bool {
    c == UNKNOWN
        || (c.is_control() && c != '\t')
        || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}')
}
