//! Guesses the encoding of text that declares none and is not UTF-8.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_10, ISO_8859_13, ISO_8859_15,
    ISO_8859_16, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254, WINDOWS_1257, WINDOWS_1258,
};

use super::charset::Charset;

/// The encodings of Latin letters, which the detector confuses in short texts.
const LATIN: [&Encoding; 12] = [
    WINDOWS_1250,
    WINDOWS_1252,
    WINDOWS_1254,
    WINDOWS_1257,
    WINDOWS_1258,
    ISO_8859_2,
    ISO_8859_3,
    ISO_8859_4,
    ISO_8859_10,
    ISO_8859_13,
    ISO_8859_15,
    ISO_8859_16,
];
/// The letters beyond ASCII that one language uses, with the encoding it is usually stored in.
const LANGUAGES: [(&Encoding, &str); 9] = [
    (WINDOWS_1252, "àâæçéèêëîïôœùûüÿ"),
    (WINDOWS_1252, "äöüß"),
    (WINDOWS_1252, "áéíñóúüªº¿¡"),
    (WINDOWS_1252, "àáâãçéêíóôõúªº"),
    (WINDOWS_1252, "àèéìíîòóùúªº"),
    (WINDOWS_1252, "åäöæøéü"),
    (WINDOWS_1252, "áâäçèéêëïíóöúü"),
    (WINDOWS_1252, "áæðéíóöúýþ"),
    (WINDOWS_1254, "âçğıîöşûüiİ"),
];
/// Signs that stand in texts of every language.
const SIGNS: &str = "\u{A0}–—‘’‚“”„«»‹›…•°µ·±×÷½¼¾²³§€£©®™†‰";

/// Guesses the encoding of bytes; the guess need not fit all of them.
pub(super) fn guess(bytes: &[u8], may_be_utf8: bool) -> Charset {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let guess = detector.guess(
        None,
        if may_be_utf8 {
            Utf8Detection::Allow
        } else {
            Utf8Detection::Deny
        },
    );
    if LATIN.contains(&guess)
        && let Some(encoding) = one_language(bytes)
    {
        return Charset::Known(encoding);
    }
    Charset::Known(guess)
}

/// Returns the encoding in which all letters belong to one language.
fn one_language(bytes: &[u8]) -> Option<&'static Encoding> {
    let mut beyond: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii()).collect();
    beyond.sort_unstable();
    beyond.dedup();
    let fits = |(encoding, letters): &(&'static Encoding, &str)| {
        let (text, damaged) = encoding.decode_without_bom_handling(&beyond);
        let belongs =
            |c: char| SIGNS.contains(c) || c.to_lowercase().all(|lower| letters.contains(lower));
        !damaged && text.chars().all(belongs)
    };
    LANGUAGES
        .iter()
        .find(|language| fits(language))
        .map(|(encoding, _)| *encoding)
}

/// Decodes UTF-16 that lacks its mark: every second byte of its ASCII characters is zero.
pub(super) fn wide_without_mark(bytes: &[u8]) -> Option<(Charset, Cow<'_, str>)> {
    /// How many bytes are looked at for zeros.
    const WINDOW: usize = 4_096;
    let head = bytes.get(..WINDOW).unwrap_or(bytes);
    let zeros = |offset: usize| {
        let every_second = head.iter().skip(offset).step_by(2);
        every_second.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = head.len() / 8;
    let charset = match (even, odd) {
        (0, odd) if odd > many => Charset::Known(encoding_rs::UTF_16LE),
        (even, 0) if even > many => Charset::Known(encoding_rs::UTF_16BE),
        _ => return None,
    };
    charset.decode(bytes).map(|text| (charset, text))
}
