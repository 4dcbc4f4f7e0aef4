//! Removes unreliable pages, and the half sentences that they would leave behind.

use super::Doubt;
use super::pdf_layout::Line;
use crate::domain::text::opens_list_item;

/// The most lines at the edge of a neighbouring page that may belong to a sentence of the removed
/// page.
const MOST_LINES: usize = 8;

/// Empties the doubtful pages. It also removes a sentence that runs into or out of one, and a list
/// that continues after one, because its missing lead-in may reverse its meaning.
pub(super) fn remove(pages: &mut [Vec<Line>], doubts: &[Option<Doubt>]) {
    for (at, doubt) in doubts.iter().enumerate() {
        if doubt.is_none() {
            continue;
        }
        let Some(lines) = pages.get_mut(at).map(std::mem::take) else {
            continue;
        };
        // An unreadable page may begin and end in the middle of anything.
        let unread = lines.is_empty();
        let ends_open = unread || lines.last().is_some_and(|line| !ends_sentence(&line.text));
        let in_list = unread
            || lines.last().is_some_and(|line| {
                opens_list_item(&line.text) || line.text.trim_end().ends_with(':')
            });
        if let Some(before) = at.checked_sub(1).and_then(|before| pages.get_mut(before)) {
            drop_end(before);
        }
        if let Some(after) = pages.get_mut(at + 1) {
            drop_start(after, ends_open, in_list);
        }
    }
}

fn begins_in_sentence(line: &str) -> bool {
    line.trim_start().starts_with(|c: char| c.is_lowercase())
}

fn ends_sentence(line: &str) -> bool {
    line.trim_end().ends_with(['.', '!', '?', ':', '。', '।'])
}

/// Removes the lines at the end that may continue on the next page.
fn drop_end(lines: &mut Vec<Line>) {
    let from_the_end = lines.iter().rev();
    let open = from_the_end.take_while(|line| !ends_sentence(&line.text));
    let open = open.count().min(MOST_LINES);
    lines.truncate(lines.len().saturating_sub(open));
}

/// Removes the end of the previous sentence and the rest of its list.
fn drop_start(lines: &mut Vec<Line>, goes_on: bool, in_list: bool) {
    let begins_open = lines
        .first()
        .is_some_and(|line| begins_in_sentence(&line.text));
    let mut dropped = 0;
    if goes_on || begins_open {
        for line in lines.iter().take(MOST_LINES) {
            if opens_list_item(&line.text) {
                break;
            }
            dropped += 1;
            if ends_sentence(&line.text) {
                break;
            }
        }
    }
    if in_list {
        let rest = lines.iter().skip(dropped);
        dropped += rest.take_while(|line| opens_list_item(&line.text)).count();
    }
    lines.drain(..dropped.min(lines.len()));
}
