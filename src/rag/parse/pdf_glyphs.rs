//! The characters of glyphs, by name or code.

use std::collections::HashMap;

use pdf_extract::{Dictionary, Document, Encoding, Object};

/// Replaces a glyph whose character is unknown.
pub(super) const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

/// The characters of a simple font's codes.
pub(super) type Table = HashMap<u8, String>;

/// Returns the characters of a named encoding if the specification defines it.
pub(super) fn table_of(encoding: &[u8]) -> Option<Table> {
    if !matches!(
        encoding,
        b"StandardEncoding" | b"WinAnsiEncoding" | b"MacRomanEncoding" | b"MacExpertEncoding"
    ) {
        return None;
    }
    let font = font_with(Object::Name(encoding.to_vec()));
    let document = Document::new();
    let encoding = font.get_font_encoding(&document).ok()?;
    let character = |code: u8| Some((code, encoding.bytes_to_string(&[code]).ok()?));
    let mut table: Table = (0..=u8::MAX)
        .filter_map(character)
        .filter(|(code, text)| !text.is_empty() && !is_filler(*code, text))
        .collect();
    // White space that programs put into strings, and the hyphen of Latin-1.
    for (code, text) in [(9, " "), (10, " "), (13, " "), (160, " "), (173, "-")] {
        table.entry(code).or_insert_with(|| text.to_owned());
    }
    Some(table)
}

/// Whether a code is one of the unused codes that Windows' encoding fills with bullets.
fn is_filler(code: u8, text: &str) -> bool {
    text == "•" && matches!(code, 0x7F | 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)
}

/// Returns the text of a glyph's name by the rules of the Adobe Glyph List: a suffix after a full
/// stop names a variant, `_` joins the parts of a ligature, and `uni` and `u` precede code points.
///
/// <https://github.com/adobe-type-tools/agl-specification>
pub(super) fn text_of(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let (base, suffix) = name.split_once('.').unwrap_or((name, ""));
    let text = base.split('_').map(part).collect::<Option<String>>()?;
    (!text.is_empty()).then(|| raised_or_lowered(text, suffix))
}

fn part(name: &str) -> Option<String> {
    listed(name).map(String::from).or_else(|| coded(name))
}

/// Reads `uni` with code units of four digits, or `u` with one code point of four to six.
fn coded(name: &str) -> Option<String> {
    let is_hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(digits) = name.strip_prefix("uni")
        && digits.len() >= 4
        && digits.len().is_multiple_of(4)
        && is_hex(digits)
    {
        let units = (0..digits.len()).step_by(4).map(|at| {
            let unit = digits.get(at..at + 4).unwrap_or_default();
            u16::from_str_radix(unit, 16).unwrap_or(0xFFFD)
        });
        return char::decode_utf16(units).collect::<Result<_, _>>().ok();
    }
    let digits = name.strip_prefix('u')?;
    if !(4..=6).contains(&digits.len()) || !is_hex(digits) {
        return None;
    }
    let code = u32::from_str_radix(digits, 16).ok()?;
    char::from_u32(code).map(String::from)
}

/// Looks a name up in the list, which is accessible only through an encoding that uses the name.
fn listed(name: &str) -> Option<char> {
    let mut encoding = Dictionary::new();
    encoding.set("Type", "Encoding");
    let name = Object::Name(name.as_bytes().to_vec());
    encoding.set("Differences", vec![Object::Integer(0), name]);
    let font = font_with(Object::Dictionary(encoding));
    let document = Document::new();
    match font.get_font_encoding(&document) {
        Ok(encoding @ Encoding::Differences(_)) => {
            encoding.bytes_to_string(&[0]).ok()?.chars().next()
        }
        _ => None,
    }
}

fn font_with(encoding: Object) -> Dictionary {
    let mut font = Dictionary::new();
    font.set("Type", "Font");
    font.set("Encoding", encoding);
    font
}

/// Separates raised and lowered digits from the others: ten to the ninth power is not 109.
fn raised_or_lowered(text: String, suffix: &str) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    const LOWERED: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    let digits = match suffix.split('.').next().unwrap_or_default() {
        "sups" | "sup" | "superior" | "numr" | "numerator" => RAISED,
        "sinf" | "subs" | "sub" | "inferior" | "dnom" | "denominator" => LOWERED,
        _ => return text,
    };
    let digit = |c: char| {
        let value = c.to_digit(10).and_then(|d| usize::try_from(d).ok());
        value.and_then(|d| digits.get(d).copied()).unwrap_or(c)
    };
    text.chars().map(digit).collect()
}

/// Replaces Latin ligatures by letters, because nobody searches for "ﬂuid". A glyph may have no
/// text.
pub(super) fn push(out: &mut String, glyph: &str) {
    if glyph.is_empty() {
        out.push(UNKNOWN);
    }
    for c in glyph.chars().map(without_cut) {
        match c {
            '\u{FB00}' => out.push_str("ff"),
            '\u{FB01}' => out.push_str("fi"),
            '\u{FB02}' => out.push_str("fl"),
            '\u{FB03}' => out.push_str("ffi"),
            '\u{FB04}' => out.push_str("ffl"),
            '\u{FB05}' | '\u{FB06}' => out.push_str("st"),
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() => out.push(UNKNOWN),
            c => out.push(c),
        }
    }
}

/// Maps letters and digits of a special style, which old fonts keep in a private range, to plain
/// ones: the style does not matter, the digit does.
fn without_cut(c: char) -> char {
    let code = u32::from(c);
    match code {
        0xF721 | 0xF724 | 0xF726 | 0xF730..=0xF739 | 0xF73F | 0xF761..=0xF77A | 0xF7A1..=0xF7FE => {
            char::from_u32(code - 0xF700)
                .and_then(|c| c.to_uppercase().next())
                .unwrap_or(c)
        }
        0xF001 => '\u{FB01}',
        0xF002 => '\u{FB02}',
        _ => c,
    }
}

/// Whether a reader would not recognise the character.
pub(super) fn is_unknown(c: char) -> bool {
    matches!(c, UNKNOWN | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
        || (c.is_control() && !c.is_whitespace())
}

/// The codes from 0x20 of the font Symbol, which has an encoding of its own.
///
/// PDF 32000-1:2008, annex D.5.
const SYMBOL: &str = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧ∆ΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\u{FFFD}αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}∼";
/// The codes from 0xA0 of the same font.
const SYMBOL_HIGH: &str = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…";

pub(super) fn symbol_table() -> Table {
    let low = (0x20_u8..).zip(SYMBOL.chars());
    let high = (0xA0_u8..).zip(SYMBOL_HIGH.chars());
    low.chain(high)
        .map(|(code, c)| (code, c.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_the_list() {
        let text = |name: &str| text_of(name.as_bytes());
        for (name, expected) in [
            ("three", "3"),
            ("three.os", "3"),
            ("seven.tf.ss01", "7"),
            ("threeoldstyle", "\u{F733}"),
            ("uni0035", "5"),
            ("uni00310030.lf", "10"),
            ("u1F600", "😀"),
            ("mu", "µ"),
            ("f_i", "fi"),
            ("one_zero.liga", "10"),
            ("onehalf", "½"),
            ("nine.sups", "⁹"),
            ("two.dnom", "₂"),
        ] {
            assert_eq!(text(name).as_deref(), Some(expected), "{name}");
        }
        for name in [
            "", ".notdef", "g35", "cid_17", "uni35", "C0_9", "a_g12", "x.os",
        ] {
            let known = text(name);
            assert!(known.is_none() || name == "x.os", "{name}: {known:?}");
        }
    }

    #[test]
    fn special_cuts_are_plain_characters() {
        let plain: String = "\u{F731}\u{F730} \u{F76D}\u{F767}"
            .chars()
            .map(without_cut)
            .collect();
        assert_eq!(plain, "10 MG");
        assert!(is_unknown('\u{F0B7}') && is_unknown(UNKNOWN) && is_unknown('\0'));
        assert!(!is_unknown('µ') && !is_unknown(' '));
    }

    #[test]
    fn symbols_have_their_place() {
        let table = symbol_table();
        let at = |code: u8| table.get(&code).map(String::as_str);
        assert_eq!(at(b'm'), Some("µ"));
        assert_eq!(at(b'~'), Some("∼"));
        assert_eq!(at(0xB3), Some("≥"));
        assert_eq!(at(0xB7), Some("•"));
        assert_eq!(table_of(b"WinAnsiEncoding").unwrap()[&b'5'], "5");
    }
}
