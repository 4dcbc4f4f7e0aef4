//! Offsets and list marks in text. Offsets count Unicode scalar values (chars).

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

/// "1.", "12)", "a)": a number or letter that opens a list item.
pub fn is_list_number(text: &str) -> bool {
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

    #[test]
    fn slices_count_chars_not_bytes() {
        assert_eq!(slice_chars("größe 😀!", 2, 7), Some("öße 😀"));
        assert_eq!(slice_chars("abc", 3, 3), Some(""));
        assert_eq!(slice_chars("abc", 2, 4), None);
        assert_eq!(slice_chars("abc", 2, 1), None);
    }
}
