//! Offsets and sentences in text. Offsets count Unicode scalar values (chars).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Words after which a full stop never ends a sentence.
const TITLES: [&str; 19] = [
    "dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "eg", "ie", "cf", "incl", "z.b",
    "d.h", "bzw", "sra", "ggf", "evtl",
];

/// Words after which a full stop does not end a sentence if a number follows.
const BEFORE_NUMBERS: [&str; 15] = [
    "no", "nos", "nr", "fig", "figs", "tel", "vol", "p", "pp", "art", "max", "min", "approx", "ca",
    "ext",
];

/// Marks that open a list item when white space follows.
const BULLETS: [char; 9] = ['-', '*', '•', '‣', '◦', '–', '·', '▪', '●'];

/// The text between two char offsets; `None` if they are not inside the text or out of order.
///
/// Takes time linear in `end`.
pub fn slice_chars(text: &str, start: usize, end: usize) -> Option<&str> {
    let length = end.checked_sub(start)?;
    let rest = text.get(byte_offset(text, start)?..)?;
    rest.get(..byte_offset(rest, length)?)
}

fn byte_offset(text: &str, chars: usize) -> Option<usize> {
    text.char_indices()
        .map(|(at, _)| at)
        .chain(std::iter::once(text.len()))
        .nth(chars)
}

/// The sentences of a text as char offsets, half-open, in order, without surrounding white space
/// and without a leading bullet.
///
/// Boundaries are those of Unicode Standard Annex 29, except that abbreviations ("Dr.", "e.g.",
/// "No. 5") and list numbers ("1.") do not end a sentence. A line feed always does.
pub fn sentences(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut chars = 0;
    for bound in sentence_bounds(text) {
        let Some(piece) = text.get(bound) else {
            continue;
        };
        let body = without_bullet(piece.trim()).trim_end();
        let lead = piece.len() - without_bullet(piece.trim_start()).len();
        let start = chars + piece.get(..lead).map_or(0, |s| s.chars().count());
        let length = body.chars().count();
        if length > 0 {
            found.push((start, start + length));
        }
        chars += piece.chars().count();
    }
    found
}

/// The sentences as byte ranges that together cover the whole text, white space included.
pub fn sentence_bounds(text: &str) -> Vec<Range<usize>> {
    let mut bounds: Vec<Range<usize>> = Vec::new();
    for (at, piece) in text.split_sentence_bound_indices() {
        let end = at + piece.len();
        if let Some(last) = bounds.last_mut()
            && let Some(before) = text.get(last.clone())
            && continues(before, piece)
        {
            last.end = end;
        } else {
            bounds.push(at..end);
        }
    }
    bounds
}

/// Whether a line opens a list item: a bullet or a number up to 999, then white space.
pub fn opens_list_item(line: &str) -> bool {
    let line = line.trim_start();
    if without_bullet(line).len() != line.len() {
        return true;
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - rest.len();
    (1..=3).contains(&digits)
        && rest
            .strip_prefix(['.', ')'])
            .is_some_and(|r| r.starts_with(char::is_whitespace))
}

/// The text without a leading bullet and the white space after it.
pub fn without_bullet(piece: &str) -> &str {
    piece
        .strip_prefix(BULLETS)
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .map_or(piece, str::trim_start)
}

/// Whether `piece` belongs to the sentence that `before` began.
fn continues(before: &str, piece: &str) -> bool {
    let trimmed = before.trim_end();
    let gap = before.get(trimmed.len()..).unwrap_or_default();
    if gap.contains(['\n', '\u{2029}', '\u{0085}']) {
        return false;
    }
    if is_list_number(trimmed.trim_start()) {
        return true;
    }
    if piece.len() < 16 && !piece.chars().any(char::is_alphanumeric) {
        return true;
    }
    let Some(stem) = trimmed.strip_suffix('.') else {
        return false;
    };
    let word = last_word(stem).to_lowercase();
    TITLES.contains(&word.as_str())
        || (BEFORE_NUMBERS.contains(&word.as_str())
            && piece.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '('))
}

/// The last word, at most 16 bytes of it: longer ones are no abbreviations.
fn last_word(stem: &str) -> &str {
    let from = stem
        .char_indices()
        .rev()
        .take(16)
        .find(|(_, c)| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“' | '/'))
        .map(|(at, c)| at + c.len_utf8());
    match from {
        Some(at) => stem.get(at..).unwrap_or_default(),
        None if stem.len() <= 16 => stem,
        None => "",
    }
}

/// "1.", "12)", "a)": a number or letter that opens a list item.
fn is_list_number(text: &str) -> bool {
    let body = without_bullet(text);
    if body.len() > 4 {
        return false;
    }
    if body.chars().all(|c| BULLETS.contains(&c)) {
        return true;
    }
    body.strip_suffix(['.', ')']).is_some_and(|stem| {
        (!stem.is_empty() && stem.chars().all(|c| c.is_ascii_digit()))
            || (stem.len() == 1 && stem.chars().all(|c| c.is_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text)
            .into_iter()
            .map(|(start, end)| slice_chars(text, start, end).unwrap())
            .collect()
    }

    #[test]
    fn slices_count_chars_not_bytes() {
        assert_eq!(slice_chars("größe 😀!", 2, 7), Some("öße 😀"));
        assert_eq!(slice_chars("abc", 3, 3), Some(""));
        assert_eq!(slice_chars("abc", 2, 4), None);
        assert_eq!(slice_chars("abc", 2, 1), None);
    }

    #[test]
    fn decimals_and_abbreviations_do_not_end_a_sentence() {
        assert_eq!(
            split("Take 2.5 mg of it, e.g. Aspirin. See Dr. Miller! Call No. 5. Then rest."),
            [
                "Take 2.5 mg of it, e.g. Aspirin.",
                "See Dr. Miller!",
                "Call No. 5.",
                "Then rest."
            ]
        );
        assert_eq!(
            split("Is it safe? No. Ask us."),
            ["Is it safe?", "No.", "Ask us."]
        );
    }

    #[test]
    fn list_markers_stay_with_their_item() {
        assert_eq!(
            split("1. Wash your hands.\n2. Dry them.\n- Rest\n• Drink"),
            ["1. Wash your hands.", "2. Dry them.", "Rest", "Drink"]
        );
    }

    #[test]
    fn bounds_cover_everything() {
        let text = "  One. (Two.) \"Three?\"\n\nFour… 5. Six. \u{a0}é ";
        let bounds = sentence_bounds(text);
        let joined: String = bounds.into_iter().filter_map(|b| text.get(b)).collect();
        assert_eq!(joined, text);
        assert!(sentences("").is_empty());
        assert!(sentences(" \n ").is_empty());
    }
}
