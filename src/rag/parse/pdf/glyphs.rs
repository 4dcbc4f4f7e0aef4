//! The place and the text of single glyphs.

use hayro_interpret::font::Glyph as Drawn;
use hayro_interpret::kurbo::{Affine, Point, Vec2};

use super::characters::{self, Characters};
use super::sheet::{Glyph, Sheet};

/// The direction at a right angle to a line, towards its descenders.
pub(super) fn turned(along: Vec2) -> Vec2 {
    Vec2::new(-along.y, along.x)
}

pub(super) fn glyph_at(
    place: Affine,
    glyph: &Drawn<'_>,
    is_vertical: bool,
    characters: &mut Characters,
) -> Option<Glyph> {
    let [a, b, c, d, ..] = place.as_coeffs();
    let size = c.hypot(d) * 1_000.0;
    let advance = characters::advance(glyph).unwrap_or(500.0) * a.hypot(b);
    if !size.is_finite() || !advance.is_finite() || !place.is_finite() {
        return None;
    }
    let text = characters.of(glyph);
    let is_bold = characters.is_bold(glyph);
    #[expect(clippy::cast_possible_truncation, reason = "an angle is small")]
    let degrees = b.atan2(a).to_degrees().round() as i32;
    let origin = place * Point::ORIGIN;
    if is_vertical {
        // The origin of a vertical glyph is moved to its left edge; its line runs downwards.
        let middle = place * Point::new(500.0, 880.0);
        return Some(Glyph {
            text,
            origin: middle,
            advance: size,
            size,
            angle: degrees + 90,
            is_bold,
            order: None,
        });
    }
    // A slanted scan is straight text.
    let nearest = (degrees + 360 + 45) / 90 * 90 - 360;
    let angle = if (degrees - nearest).abs() <= 2 {
        nearest
    } else {
        degrees
    };
    Some(Glyph {
        text,
        origin,
        advance,
        size,
        angle: angle.rem_euclid(360),
        is_bold,
        order: None,
    })
}

/// Replaces the glyphs from `first` on by the text that the file states for them. The text is not
/// trusted with numbers: a page that shows one dose may not state another.
pub(super) fn replace(sheet: &mut Sheet, first: usize, text: &str) {
    let Some(shown) = sheet.glyphs.get(first..) else {
        return;
    };
    let (Some(start), Some(end)) = (shown.first(), shown.last()) else {
        return;
    };
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let read: String = shown.iter().map(|glyph| glyph.text.as_str()).collect();
    let is_known = !read.contains(characters::UNKNOWN);
    let one_line = shown.iter().all(|glyph| {
        (glyph.origin.y - start.origin.y).abs() < start.size && glyph.angle == start.angle
    });
    if !one_line || (is_known && digits(&read) != digits(text)) {
        return;
    }
    let reach = (end.origin - start.origin).hypot() + end.advance;
    let replaced = Glyph {
        text: characters::plain(text),
        advance: reach,
        ..start.clone()
    };
    sheet.glyphs.truncate(first);
    sheet.glyphs.push(replaced);
}
