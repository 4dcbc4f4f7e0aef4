//! Sentences in text. Offsets count Unicode scalar values (chars).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::spoken;
use crate::domain::text::{is_list_number, without_bullet};

/// Returns the sentences of a text as char offsets: half-open, in order, without surrounding white
/// space and without a leading bullet.
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

/// Returns the sentences as byte ranges that together cover the whole text, including white space.
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
    let abbreviations = &spoken().abbreviations;
    abbreviations.always.contains(&word)
        || (abbreviations.before_numbers.contains(&word)
            && piece.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '('))
}

/// Returns the last word, at most 16 bytes of it, because longer words are no abbreviations.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::slice_chars;

    fn split(text: &str) -> Vec<&str> {
        sentences(text)
            .into_iter()
            .map(|(start, end)| slice_chars(text, start, end).unwrap())
            .collect()
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
