//! The markers of a sentence: `[1]`, `[1, 2]`, `[1-3]`, `【1】`, `**[1]**`, `[passage 2]`.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::language::spoken;

/// The brackets of markers.
const BRACKETS: [(char, char); 5] = [
    ('[', ']'),
    ('【', '】'),
    ('［', '］'),
    ('〔', '〕'),
    ('(', ')'),
];
/// The most passages that a range may name.
const MAX_RANGE: i32 = 100;

/// A marker and its position, including the emphasis around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    pub bytes: Range<usize>,
    pub numbers: BTreeSet<i32>,
}

/// Returns the markers of a text. A marker that is cut off at the end counts too.
pub(super) fn markers(text: &str) -> Vec<Marker> {
    let mut found: Vec<Marker> = Vec::new();
    let mut from = 0;
    while let Some((at, open)) = text
        .get(from..)
        .and_then(|rest| rest.char_indices().find(|(_, c)| close_of(*c).is_some()))
        .map(|(at, c)| (from + at, c))
    {
        from = at + open.len_utf8();
        let Some(marker) = marker_at(text, at, open) else {
            continue;
        };
        from = marker.bytes.end;
        found.push(marker);
    }
    found
}

/// Returns the text without its markers and the white space before them.
pub fn without_markers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for marker in markers(text) {
        kept.push_str(text.get(from..marker.bytes.start).unwrap_or_default());
        kept.truncate(kept.trim_end_matches(' ').len());
        from = marker.bytes.end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// Whether the text may continue as a marker: its last bracket is open and contains nothing else.
pub(super) fn is_open(text: &str) -> bool {
    let Some((at, open)) = text.char_indices().rfind(|(_, c)| close_of(*c).is_some()) else {
        return false;
    };
    let inside = text.get(at + open.len_utf8()..).unwrap_or_default();
    close_of(open).is_some_and(|close| !inside.contains(close))
        && (inside.trim().is_empty() || numbers(inside, open == '(').is_some() || is_label(inside))
}

fn close_of(open: char) -> Option<char> {
    let pair = BRACKETS.into_iter().find(|(c, _)| *c == open);
    pair.map(|(_, close)| close)
}

fn marker_at(text: &str, at: usize, open: char) -> Option<Marker> {
    let close = close_of(open)?;
    let behind = text.get(at + open.len_utf8()..)?;
    // "[[1]]" is one marker.
    let inner = behind.trim_start_matches(open);
    let depth = 1 + (behind.len() - inner.len()) / open.len_utf8();
    let (inside, rest) = match inner.split_once(close) {
        Some((inside, rest)) => (inside, rest),
        None if open != '(' => (inner, ""),
        None => return None,
    };
    let numbers = numbers(inside, open == '(')?;
    let mut end = text.len() - rest.len();
    for _ in 1..depth {
        if text.get(end..)?.starts_with(close) {
            end += close.len_utf8();
        }
    }
    // A link on a marker: "[1](https://…)".
    if let Some(target) = text.get(end..)?.strip_prefix('(')
        && open != '('
        && let Some((_, rest)) = target.split_once(')')
    {
        end = text.len() - rest.len();
    }
    let (start, end) = with_emphasis(text, at, end);
    Some(Marker {
        bytes: start..end,
        numbers,
    })
}

/// Extends the position of a marker by the emphasis on both sides.
fn with_emphasis(text: &str, start: usize, end: usize) -> (usize, usize) {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let signs = ['*', '_', '^', '~'];
    let opening = before.len() - before.trim_end_matches(signs).len();
    let closing = after.len() - after.trim_start_matches(signs).len();
    let both = opening.min(closing);
    (start - both, end + both)
}

/// Returns the numbers in a bracket that contains nothing else; round brackets need a label.
fn numbers(inside: &str, needs_label: bool) -> Option<BTreeSet<i32>> {
    let lower = inside.trim().to_lowercase();
    // "1†source" and "1:0†leaflet.md" name more than the passage.
    let body = lower.split('†').next()?.trim_start_matches(['^', '#', ' ']);
    let unlabelled = without_labels(body);
    if needs_label && unlabelled.len() == body.len() {
        return None;
    }
    let is_separator = |c: char| {
        matches!(
            c,
            ',' | ';' | ' ' | '&' | '-' | '–' | '—' | '‑' | ':' | '、' | '，' | '#' | '^'
        )
    };
    let phrasing = &spoken().phrasing;
    let spelled = unlabelled
        .replace(phrasing.and, ",")
        .replace(phrasing.to, "-");
    if !spelled
        .chars()
        .all(|c| c.is_ascii_digit() || is_separator(c))
        || !spelled.contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let mut numbers = BTreeSet::new();
    for part in spelled.split([',', ';', '&', '、', '，']) {
        let ends: Vec<i32> = part
            .split(['-', '–', '—', '‑', ' ', ':'])
            .filter_map(|end| end.trim_matches(['#', '^']).parse().ok())
            .collect();
        let is_range = part.trim().starts_with(|c: char| c.is_ascii_digit())
            && part.contains(['-', '–', '—', '‑']);
        match ends.as_slice() {
            [low, high] if is_range && low <= high && high - low <= MAX_RANGE => {
                numbers.extend(*low..=*high);
            }
            _ => numbers.extend(ends),
        }
    }
    Some(numbers)
}

fn without_labels(body: &str) -> &str {
    let mut rest = body;
    loop {
        let end = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if !spoken().phrasing.labels.contains(word) {
            return rest;
        }
        rest = after.trim_start_matches(['.', ' ', ':', '#']);
    }
}

fn is_label(inside: &str) -> bool {
    let lower = inside.trim_start_matches(['^', '#', ' ']).to_lowercase();
    let mut labels = spoken().phrasing.labels.iter();
    labels.any(|label| label.starts_with(lower.as_str())) || without_labels(&lower).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<i32>) {
        let numbers = markers(text).into_iter().flat_map(|marker| marker.numbers);
        (without_markers(text), numbers.collect())
    }

    #[test]
    fn every_way_to_write_a_marker_is_read() {
        for (marker, numbers) in [
            ("[1]", vec![1]),
            ("[1, 2]", vec![1, 2]),
            ("[1,2,3,4,5,6,7,8,9,10,11,12]", (1..=12).collect()),
            ("[1, 2, 3, 4, 5, 6]", vec![1, 2, 3, 4, 5, 6]),
            ("[1-3]", vec![1, 2, 3]),
            ("[1–2]", vec![1, 2]),
            ("[1; 2]", vec![1, 2]),
            ("[1 and 2]", vec![1, 2]),
            ("[2 to 4, 7]", vec![2, 3, 4, 7]),
            ("【1】", vec![1]),
            ("【2†source】", vec![2]),
            ("［3］", vec![3]),
            ("**[1]**", vec![1]),
            ("*[1]*", vec![1]),
            ("__[1, 2]__", vec![1, 2]),
            ("[[1]]", vec![1]),
            ("[^1]", vec![1]),
            ("[#1]", vec![1]),
            ("[Passage 1]", vec![1]),
            ("[passages 1 and 2]", vec![1, 2]),
            ("(see passage 2)", vec![2]),
            ("[1](https://evil.example/a)", vec![1]),
            ("[9999]", vec![9999]),
            ("[-1]", vec![1]),
            ("[0]", vec![0]),
            ("[99999999999999]", vec![]),
            ("[1][2]", vec![1, 2]),
            ("[1", vec![1]),
        ] {
            let (text, found) = read(&format!("Rest well {marker}"));
            assert_eq!((text.as_str(), found), ("Rest well", numbers), "{marker}");
        }
    }

    #[test]
    fn other_brackets_are_text() {
        for text in [
            "See [the leaflet]",
            "(2 tablets)",
            "(1)",
            "[ b ] []",
            "[1 mg]",
            "a [",
        ] {
            assert_eq!(read(text), (text.to_owned(), vec![]));
        }
    }

    #[test]
    fn emphasis_of_the_text_stays_with_the_text() {
        assert_eq!(read("**Rest well** [1].").0, "**Rest well**.");
        assert_eq!(read("**Rest well [1]**").0, "**Rest well**");
    }
}
