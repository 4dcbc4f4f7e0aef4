//! The order of letters in scripts that are written from right to left.
//!
//! A page shows such a line from its last letter to its first. Numbers and words of other scripts
//! inside it run from left to right, as in the rest of the text.

use super::units::is_unit;

/// Whether a glyph belongs to a script that is written from right to left.
pub(super) fn is_right_to_left(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
            && !c.is_numeric()
    })
}

fn is_left_to_right(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric) && !is_right_to_left(text)
}

/// Joins the glyphs of a line, which are in the order of their position, in the order in which they
/// are read.
pub(super) fn logical(cells: &[String]) -> String {
    if !cells.iter().any(|cell| is_right_to_left(cell)) {
        return cells.concat();
    }
    if starts_at_the_right(cells) {
        reversed(cells)
    } else {
        with_reversed_runs(cells)
    }
}

/// Whether most words of a line belong to scripts that are written from right to left.
fn starts_at_the_right(cells: &[String]) -> bool {
    let (mut backward, mut forward) = (0, 0);
    let mut in_word = false;
    for cell in cells {
        let is_letter = cell.chars().any(char::is_alphabetic);
        if is_letter && !in_word {
            if is_right_to_left(cell) {
                backward += 1;
            } else {
                forward += 1;
            }
        }
        in_word = is_letter || (in_word && !cell.trim().is_empty());
    }
    backward >= forward
}

/// Reverses a line, and turns the pieces of it that run from left to right back.
fn reversed(cells: &[String]) -> String {
    let mut out = String::new();
    let mut rest = cells;
    while let Some(last) = rest.last() {
        let run = if is_left_to_right(last) {
            forward_run(rest)
        } else {
            1
        };
        let (before, piece) = rest.split_at(rest.len() - run.min(rest.len()));
        if run > 1 {
            out.extend(piece.iter().map(String::as_str));
        } else {
            out.extend(piece.iter().map(|cell| mirrored(cell)));
        }
        rest = before;
    }
    out
}

/// The number of cells at the end that run from left to right: a number with its signs, or words of
/// another script with the numbers after them. A number and its unit stand beside each other as the
/// words of the line do.
fn forward_run(cells: &[String]) -> usize {
    let mut run = 0;
    let mut end = cells.len();
    loop {
        let token = token_at_end(cells.get(..end).unwrap_or_default());
        if token == 0 {
            return run.max(1);
        }
        let start = end - token;
        let text = cells.get(start..end).unwrap_or_default().concat();
        let is_word = text.chars().any(char::is_alphabetic);
        let after = cells.get(end..).unwrap_or_default();
        if run > 0 && (!is_word || (is_unit(&text) && begins_with_digit(after))) {
            return run;
        }
        run = cells.len() - start;
        end = start;
        // The words and numbers after a word belong to it; a number stands alone unless a word is
        // before it.
        let blanks = cells
            .get(..end)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|cell| cell.trim().is_empty())
            .count();
        if blanks == 0 {
            return run;
        }
        end -= blanks;
    }
}

fn begins_with_digit(cells: &[String]) -> bool {
    let first = cells.iter().find(|cell| !cell.trim().is_empty());
    first.is_some_and(|cell| cell.starts_with(|c: char| c.is_numeric()))
}

/// The number of cells of the last word, from its first to its last letter or digit.
fn token_at_end(cells: &[String]) -> usize {
    let mut length = 0;
    for (at, cell) in cells.iter().rev().enumerate() {
        if is_right_to_left(cell) || cell.trim().is_empty() {
            break;
        }
        if is_left_to_right(cell) {
            length = at + 1;
        } else if at == 0 {
            break;
        }
    }
    length
}

/// Reverses only the pieces of a line that run from right to left.
fn with_reversed_runs(cells: &[String]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some(cell) = cells.get(at) {
        if !is_right_to_left(cell) {
            out.push_str(cell);
            at += 1;
            continue;
        }
        let rest = cells.get(at..).unwrap_or_default();
        let stretch = rest
            .iter()
            .take_while(|cell| !is_left_to_right(cell))
            .count();
        let length = rest
            .iter()
            .take(stretch)
            .rposition(|cell| is_right_to_left(cell))
            .map_or(1, |last| last + 1);
        let piece = rest.get(..length).unwrap_or_default();
        out.push_str(&reversed(piece));
        at += length;
    }
    out
}

/// A bracket opens to the other side in a reversed line.
fn mirrored(cell: &str) -> String {
    let mirror = |c: char| match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '«' => '»',
        '»' => '«',
        '<' => '>',
        '>' => '<',
        other => other,
    };
    if cell.chars().count() == 1 {
        cell.chars().map(mirror).collect()
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(shown: &str) -> String {
        logical(&shown.chars().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn lines_from_right_to_left_are_read_from_their_start() {
        assert_eq!(read("םולש"), "שלום");
        assert_eq!(read("mg 100 חק"), "קח 100 mg");
        assert_eq!(read("123 050 רפסמ"), "מספר 050 123");
        // Numbers, ranges and words of another script keep their order.
        assert_eq!(read("ג\"מ 12.5 לוטנ"), "נטול 12.5 מ\"ג");
        assert_eq!(read("םימי 5-10 ךשמב"), "במשך 5-10 ימים");
        assert_eq!(read("םוי לכ Aspirin Cardio חק"), "קח Aspirin Cardio כל יום");
        assert_eq!(read("the word םולש here"), "the word שלום here");
        assert_eq!(read("(גולב) הלאש"), "שאלה (בלוג)");
    }
}
