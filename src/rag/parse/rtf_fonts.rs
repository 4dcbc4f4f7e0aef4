//! The encodings of RTF fonts, and the style sheet.

use std::collections::HashMap;

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, IBM866, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    WINDOWS_1257, WINDOWS_1258,
};

use super::symbol::symbol;

/// The encoding of a font's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FontEncoding {
    Text(&'static Encoding),
    /// Greek letters and signs.
    Symbol,
    /// Pictures, or a code page that cannot be read.
    Unknown,
}

impl FontEncoding {
    /// Decodes bytes; those without a character become U+FFFD.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Text(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Symbol => bytes.iter().map(|byte| symbol(*byte)).collect(),
            Self::Unknown => {
                let decoded = |byte: &u8| byte.is_ascii().then_some(char::from(*byte));
                let bytes = bytes.iter().map(decoded);
                bytes.map(|c| c.unwrap_or('\u{FFFD}')).collect()
            }
        }
    }
}

/// Returns the encoding of a Windows code page.
pub(super) fn of_code_page(number: i32) -> FontEncoding {
    FontEncoding::Text(match number {
        0 | 1252 | 28591 => WINDOWS_1252,
        866 => IBM866,
        874 => WINDOWS_874,
        932 => SHIFT_JIS,
        936 => GBK,
        949 | 1361 => EUC_KR,
        950 => BIG5,
        1250 => WINDOWS_1250,
        1251 => WINDOWS_1251,
        1253 => WINDOWS_1253,
        1254 => WINDOWS_1254,
        1255 => WINDOWS_1255,
        1256 => WINDOWS_1256,
        1257 => WINDOWS_1257,
        1258 => WINDOWS_1258,
        10_000 => MACINTOSH,
        65_001 => UTF_8,
        _ => return FontEncoding::Unknown,
    })
}

/// Returns the encoding of a font's character set; `None` for the one of the document.
pub(super) fn of_character_set(number: i32) -> Option<FontEncoding> {
    Some(match number {
        0 => of_code_page(1252),
        2 => FontEncoding::Symbol,
        77 => of_code_page(10_000),
        128 => of_code_page(932),
        129 | 130 => of_code_page(949),
        134 => of_code_page(936),
        136 => of_code_page(950),
        161 => of_code_page(1253),
        162 => of_code_page(1254),
        163 => of_code_page(1258),
        177 => of_code_page(1255),
        178 => of_code_page(1256),
        186 => of_code_page(1257),
        204 => of_code_page(1251),
        222 => of_code_page(874),
        238 => of_code_page(1250),
        254 | 255 => FontEncoding::Unknown,
        _ => return None,
    })
}

/// The fonts of a document.
#[derive(Default)]
pub(super) struct Fonts {
    encodings: HashMap<i32, FontEncoding>,
    open: i32,
    is_symbol: bool,
    name: String,
}

impl Fonts {
    pub(super) fn get(&self, font: i32) -> Option<FontEncoding> {
        self.encodings.get(&font).copied()
    }

    /// Reads a control word of the font table.
    pub(super) fn control(&mut self, word: &str, number: Option<i32>) {
        match (word, number) {
            ("f", Some(font)) => {
                self.finish();
                self.open = font;
            }
            ("fcharset", Some(set)) => {
                if let Some(encoding) = of_character_set(set) {
                    self.is_symbol = encoding == FontEncoding::Symbol;
                    self.encodings.insert(self.open, encoding);
                }
            }
            ("cpg", Some(page)) => drop(self.encodings.insert(self.open, of_code_page(page))),
            _ => {}
        }
    }

    /// Reads a byte of a font's name.
    pub(super) fn byte(&mut self, byte: u8) {
        if self.name.len() < 64 {
            self.name.push(char::from(byte));
        }
    }

    /// Ends a font. Of those with signs, only the letters of Symbol are known.
    pub(super) fn finish(&mut self) {
        let name = std::mem::take(&mut self.name);
        let is_known = name
            .trim()
            .trim_end_matches(';')
            .eq_ignore_ascii_case("symbol");
        if std::mem::take(&mut self.is_symbol) && !is_known {
            self.encodings.insert(self.open, FontEncoding::Unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_have_their_characters() {
        for (byte, character) in [
            (b'm', 'μ'),
            (b'a', 'α'),
            (b'W', 'Ω'),
            (0xA3, '≤'),
            (0xB1, '±'),
            (0xB3, '≥'),
            (0xB7, '•'),
            (0xD6, '√'),
            (0xE5, '∑'),
            (b'5', '5'),
        ] {
            assert_eq!(symbol(byte), character, "{byte:X}");
        }
    }
}
