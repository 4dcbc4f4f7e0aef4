//! Reads text as people read it: without case, accents, invisible characters and letters of other
//! alphabets that look alike.

use unicode_normalization::UnicodeNormalization;

/// A character and its offset in the text.
pub(super) type Placed = (char, usize);

/// Letters of other alphabets, and the Latin letters that they resemble.
const ALIKE: [(&str, &str); 2] = [
    ("авеѕіјкмнорԛстухѡԁһӏгп", "abesijkmhopqctyxwdhlrn"),
    ("αβγεηικνορτυχωѵ", "abyenikvoptuxwv"),
];

/// Returns the characters of a text in their folded form, each with the offset of its original.
pub(super) fn fold(text: &str, start: usize) -> Vec<Placed> {
    let mut folded = Vec::with_capacity(text.len());
    if text.is_ascii() {
        folded.extend(
            text.bytes()
                .map(|byte| char::from(byte.to_ascii_lowercase()))
                .zip(start..),
        );
        return folded;
    }
    for (at, c) in text.chars().enumerate() {
        if c.is_ascii() {
            folded.push((c.to_ascii_lowercase(), start + at));
            continue;
        }
        // The letters of Hindi and Korean would fall apart.
        if matches!(c, '\u{900}'..='\u{d7f}' | '\u{ac00}'..='\u{d7af}') {
            folded.push((c, start + at));
            continue;
        }
        let parts = std::iter::once(c).nfkd().filter(|c| !is_dropped(*c));
        let lower = parts.flat_map(char::to_lowercase);
        folded.extend(lower.map(|c| (c, start + at)));
    }
    unify(&mut folded);
    folded
}

/// Whether a character is an accent, or is not seen.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{640}'
        | '\u{64b}'..='\u{65f}' | '\u{e0000}'..='\u{e01ef}')
}

/// Replaces letters that resemble Latin ones, in words that mix the alphabets.
fn unify(text: &mut [Placed]) {
    for word in text.split_mut(|(c, _)| !c.is_alphanumeric()) {
        let latin = word.iter().any(|(c, _)| c.is_ascii_alphabetic());
        if !latin || word.iter().all(|(c, _)| c.is_ascii()) {
            continue;
        }
        for (c, _) in word {
            *c = latin_of(*c);
        }
    }
}

fn latin_of(c: char) -> char {
    let pairs = ALIKE
        .iter()
        .flat_map(|(others, latin)| others.chars().zip(latin.chars()));
    let mut found = pairs.filter(|(other, _)| *other == c);
    found.next().map_or(c, |(_, latin)| latin)
}

/// Whether a character belongs to a word. The signs of Hindi that join letters do.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || matches!(c, '\u{93c}' | '\u{94d}')
}

/// Whether a script puts no spaces between words.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text, 0).into_iter().map(|(c, _)| c).collect()
    }

    #[test]
    fn what_looks_alike_reads_alike() {
        for (text, read) in [
            ("Ignóre ALL", "ignore all"),
            ("іgnоrе", "ignore"),
            ("ｉｇｎｏｒｅ 𝐚𝐥𝐥", "ignore all"),
            ("ig\u{200b}no\u{ad}re", "ignore"),
            ("врач", "врач"),
            ("μg αβ", "μg αβ"),
            ("निर्देश", "निर्देश"),
        ] {
            assert_eq!(folded(text), read);
        }
    }
}
