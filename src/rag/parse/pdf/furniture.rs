//! Running headers and footers.
//!
//! They interrupt sentences and tables that go on over a page, so they follow the text of their
//! page. A line is one of them if a line with the same words, whatever its numbers are, stands at
//! the same place of another page.

use std::collections::HashMap;

use super::regions::Piece;

/// The lines at the top and at the bottom of a page that may be furniture.
const MOST_LINES: usize = 3;
/// The fewest pages, and the smallest share of all pages, with the same line.
const FEWEST_PAGES: usize = 2;
const SHARE: usize = 3;
/// Lines of different pages are at the same place if they differ less, in points.
const SAME_PLACE: f64 = 8.0;

/// Moves the headers and footers behind the other text of their page.
///
/// Returns, for each page, the number of pieces at its end that are furniture.
pub(super) fn move_behind(pages: &mut [Vec<Piece>]) -> Vec<usize> {
    let mut places: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
    for (number, page) in pages.iter().enumerate() {
        for (_, (words, y)) in edges(page) {
            places.entry(words).or_default().push((number, y));
        }
    }
    let fewest = FEWEST_PAGES.max(pages.len() / SHARE);
    let repeats = |words: &str, y: f64| {
        places.get(words).is_some_and(|all| {
            let near = all
                .iter()
                .filter(|(_, other)| (other - y).abs() < SAME_PLACE);
            let mut numbers: Vec<usize> = near.map(|(number, _)| *number).collect();
            numbers.dedup();
            numbers.len() >= fewest
        })
    };
    pages
        .iter_mut()
        .map(|page| {
            let moved: Vec<usize> = edges(page)
                .into_iter()
                .filter(|(_, (words, y))| repeats(words, *y))
                .map(|(at, _)| at)
                .collect();
            let mut behind = Vec::with_capacity(moved.len());
            for at in moved.iter().rev() {
                behind.push(page.remove(*at));
            }
            behind.reverse();
            page.append(&mut behind);
            moved.len()
        })
        .collect()
}

/// The lines at the edges of a page that may be furniture: their position in the page, their words
/// without numbers, and their height.
fn edges(page: &[Piece]) -> Vec<(usize, (String, f64))> {
    let mut lines: Vec<(usize, f64, &str)> = page
        .iter()
        .enumerate()
        .filter_map(|(at, piece)| piece.line().map(|line| (at, line.y, line.text.as_str())))
        .collect();
    lines.sort_by(|a, b| a.1.total_cmp(&b.1));
    let last = lines.len().saturating_sub(MOST_LINES);
    let mut edges: Vec<(usize, (String, f64))> = lines
        .iter()
        .enumerate()
        .filter(|(rank, _)| *rank < MOST_LINES || *rank >= last)
        .map(|(_, (at, y, text))| (*at, (words(text), *y)))
        .collect();
    edges.sort_by_key(|(at, _)| *at);
    edges
}

/// The text of a line with one sign for each number.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if !c.is_numeric() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}
