//! Whether the extracted text of a page equals what a reader sees. A passage with a number that could
//! be another number is no evidence, and neither is a page that has many of them.

use super::super::{Doubt, Extent};
use super::characters::is_unknown;
use super::regions::Piece;
use super::units::is_unit;

/// This many lines of one character in a row mean rotated or vertical text.
const TURNED_LINES: usize = 4;

/// A page with a greater share of unknown characters is not text, in percent.
const MOST_UNKNOWN: u8 = 20;

/// A page with a greater share of doubtful lines is left out as a whole, in percent.
const MOST_DOUBTFUL: usize = 20;

/// Marks the doubtful pieces of a page. Returns the reason to leave them out, or the whole page.
pub(super) fn mark(pieces: &mut [Piece]) -> Option<(Doubt, Extent)> {
    let lines = || pieces.iter().flat_map(Piece::lines);
    let share = unknown_share(lines());
    let whole = doubt_of_page(lines(), share);
    let reason = lines().filter_map(|line| doubt_of_line(line, share)).min();
    let (mut all, mut doubtful) = (0, 0);
    for piece in pieces.iter_mut() {
        all += piece.height();
        doubtful += piece.doubt(|line| doubt_of_line(line, share).is_some());
    }
    let reason = reason.or((doubtful > 0).then_some(Doubt::Numbers));
    let is_page = whole.is_some() || doubtful * 100 > all * MOST_DOUBTFUL;
    let extent = if is_page {
        Extent::Page
    } else {
        Extent::Passages
    };
    Some((whole.or(reason)?, extent))
}

/// Replaces the marks of list items in symbol fonts, and removes decoration.
pub(super) fn plain_marks(pieces: &mut Vec<Piece>) {
    for piece in pieces.iter_mut() {
        for line in piece.lines_mut() {
            if let Some(text) = with_plain_bullets(line) {
                *line = text;
            }
            if line.chars().any(is_unknown) && !hides_meaning(line) {
                *line = without_decoration(line);
            }
        }
    }
    pieces.retain(|piece| piece.lines().iter().any(|line| !line.trim().is_empty()));
}

/// The characters of a page that are unknown, in percent, rounded up.
fn unknown_share<'a>(lines: impl Iterator<Item = &'a str>) -> u8 {
    let (mut all, mut unknown) = (0, 0);
    for c in lines.flat_map(str::chars) {
        all += 1;
        unknown += usize::from(is_unknown(c));
    }
    u8::try_from((unknown * 100).div_ceil(all.max(1))).unwrap_or(100)
}

/// The reason to leave out a page, although each line of it may look right.
fn doubt_of_page<'a>(lines: impl Iterator<Item = &'a str>, share: u8) -> Option<Doubt> {
    if share > MOST_UNKNOWN {
        return Some(Doubt::Glyphs(share));
    }
    let mut turned = String::new();
    for line in lines {
        let mut chars = line.chars().filter(|c| !c.is_whitespace());
        match (chars.next(), chars.next()) {
            (Some(only), None) => turned.push(only),
            _ => turned.clear(),
        }
        let has = |is_it: fn(char) -> bool| turned.chars().any(is_it);
        if turned.chars().count() >= TURNED_LINES
            && has(|c| c.is_ascii_digit())
            && has(char::is_alphabetic)
        {
            return Some(Doubt::Numbers);
        }
    }
    None
}

/// The reason to leave out a line: a character or a number of it may be another one.
fn doubt_of_line(line: &str, share: u8) -> Option<Doubt> {
    if hides_meaning(line) {
        return Some(Doubt::Glyphs(share));
    }
    let has_split = line.split('\t').any(has_split_number);
    has_split.then_some(Doubt::Numbers)
}

/// Whether an unknown character may be part of a word or a number: `do ��t eat`, `� 5 mg`. A sign
/// that stands alone among words is decoration.
fn hides_meaning(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: Option<&&str>| {
        word.is_some_and(|word| word.chars().any(char::is_numeric) || is_unit(word))
    };
    words.iter().enumerate().any(|(at, word)| {
        word.chars().any(is_unknown)
            && (word.chars().any(char::is_alphanumeric)
                || is_number(words.get(at + 1))
                || is_number(at.checked_sub(1).and_then(|before| words.get(before))))
    })
}

/// Removes the words of a line that consist of unknown characters.
fn without_decoration(line: &str) -> String {
    let known = |word: &&str| !word.chars().any(is_unknown);
    let cells = line.split('\t').map(|cell| {
        let words: Vec<&str> = cell.split(' ').filter(known).collect();
        words.join(" ")
    });
    cells.collect::<Vec<_>>().join("\t")
}

/// Replaces list marks and other pictures at the start of a line with plain bullets. Symbol fonts
/// keep them at the positions of letters in a private range.
fn with_plain_bullets(line: &str) -> Option<String> {
    let trimmed = line.trim_start();
    let mut chars = trimmed.chars();
    let mark = chars.next().filter(|c| is_picture(*c))?;
    let rest = chars.as_str();
    let text = rest.trim_start();
    let first = text.split_whitespace().next();
    let stands_alone = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let before_a_word =
        first.is_none_or(|word| word.starts_with(char::is_alphabetic) && !is_unit(word));
    (stands_alone && before_a_word && !text.contains(mark)).then(|| match first {
        Some(_) => format!("• {text}"),
        None => String::new(),
    })
}

/// Whether a character is a bullet, box, tick or arrow of the fonts Symbol and Wingdings. Digits
/// are not among them.
fn is_picture(c: char) -> bool {
    matches!(
        c,
        '\u{F06C}' | '\u{F06E}'..='\u{F078}' | '\u{F09E}'..='\u{F0A8}' | '\u{F0B7}'
            | '\u{F0D8}' | '\u{F0E0}' | '\u{F0E8}' | '\u{F0F0}' | '\u{F0FB}'..='\u{F0FE}'
    )
}

/// Whether the digits of one number stand apart: `2 1 0 mg`, `0 . 5 ml`, `5 5 5 0 1 9`. A scale
/// such as `0 1 2 3` counts in equal steps and is allowed.
fn has_split_number(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    while at < words.len() {
        let run: Vec<&str> = words
            .iter()
            .skip(at)
            .copied()
            .take_while(|word| is_piece(word))
            .collect();
        // The first word of a line may be the number of a list item.
        let before = (at > 1).then(|| words.get(at - 1).copied()).flatten();
        at += run.len();
        let next = words.get(at).copied();
        if is_split(before, &run, next) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether a word is a single digit, or a sign that can stand inside a number.
fn is_piece(word: &str) -> bool {
    let mut chars = word.chars();
    let only = chars.next().filter(|_| chars.as_str().is_empty());
    only.is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
}

fn is_split(before: Option<&str>, run: &[&str], next: Option<&str>) -> bool {
    let digits: Vec<i32> = run.iter().filter_map(|word| word.parse().ok()).collect();
    let before_unit = next.is_some_and(is_unit);
    let has_sign = digits.len() < run.len();
    let joined = before.is_some_and(|word| {
        let number = word.strip_suffix(['.', ',']);
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    });
    let ends_open = next.is_some_and(|word| {
        let fraction = word.strip_prefix(['.', ',']);
        fraction.is_some_and(|f| f.starts_with(|c: char| c.is_ascii_digit()))
    });
    match digits.len() {
        0 => false,
        // `2. 5 mg` and `2 .5 mg`.
        1 => (joined && before_unit) || ends_open || (has_sign && before_unit),
        2 => before_unit || ends_open || has_sign,
        _ => before_unit || has_sign || !counts(&digits),
    }
}

/// Whether digits ascend in equal steps, like the marks of a scale or the columns of a table.
fn counts(digits: &[i32]) -> bool {
    let steps: Vec<i32> = digits
        .iter()
        .zip(digits.iter().skip(1))
        .map(|(a, b)| b - a)
        .collect();
    steps
        .first()
        .is_some_and(|first| *first != 0 && steps.iter().all(|step| step == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt_of(text: &str) -> Option<Doubt> {
        let share = unknown_share(text.lines());
        let line = text.lines().find_map(|line| doubt_of_line(line, share));
        line.or_else(|| doubt_of_page(text.lines(), share))
    }

    #[test]
    fn numbers_that_come_apart_are_no_evidence() {
        for text in [
            "Take 2 1 0 mg at once.",
            "Give 1 5 ml twice.",
            "inject 0 . 4 ml slowly",
            "Use 2. 5 mg of it",
            "Use 0 .5 mg of it",
            "Ring 5 5 5 0 1 9 at night.",
            "Dilute to 1 0 %.",
            "Drink 1 . 5 litres a day",
            "1 2 5 m g",
            "4\n0\nk\ng",
        ] {
            assert_eq!(doubt_of(text), Some(Doubt::Numbers), "{text}");
        }
        for text in [
            "Take 210 mg at once.",
            "Day 1 20 mg",
            "Pain: 0 1 2 3 4 5 6 7 8 9 10",
            "1\t2\t5 mg",
            "Take it 2 3 times a day.",
            "2. 5 litres a day are enough",
            "Vitamin B 12, 1 000 mg",
            "Grade 3 4",
            "A\nB\nC\nD\nE",
        ] {
            assert_eq!(doubt_of(text), None, "{text}");
        }
    }

    #[test]
    fn unknown_glyphs_are_doubtful_but_bullets_are_not() {
        for text in [
            "\u{FFFD}0 mg",
            "Take \u{E031}5 mg",
            "do \u{FFFD}\u{FFFD}t eat",
            "\u{F06D}g",
        ] {
            assert!(matches!(doubt_of(text), Some(Doubt::Glyphs(_))), "{text}");
        }
        let plain = |text: &str| with_plain_bullets(text);
        assert_eq!(plain("\u{F0B7} Rest well").as_deref(), Some("• Rest well"));
        assert_eq!(plain(" \u{F0FC}\tDrink").as_deref(), Some("• Drink"));
        assert_eq!(plain("\u{F0A7}").as_deref(), Some(""));
        for text in [
            "\u{F0B7} mg a day",
            "\u{F0B7}5 mg",
            "\u{F0B7} 5 mg",
            "\u{F035} tablets",
            "Rest",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
