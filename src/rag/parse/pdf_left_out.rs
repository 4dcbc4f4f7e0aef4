//! Takes away the pages that cannot be relied on, and what would be half a sentence without them.

use super::Doubt;
use super::pdf_layout::Line;
use crate::domain::text::opens_list_item;

/// Lines at the edge of a neighbouring page that may belong to a sentence of the page left out.
const MOST_LINES: usize = 8;

/// Empties the pages with a doubt. A sentence that runs into or out of one goes as well, and so
/// does a list that goes on after it: its lead-in may have turned it round.
pub(super) fn remove(pages: &mut [Vec<Line>], doubts: &[Option<Doubt>]) {
    for (at, doubt) in doubts.iter().enumerate() {
        if doubt.is_none() {
            continue;
        }
        let Some(lines) = pages.get_mut(at).map(std::mem::take) else {
            continue;
        };
        // A page that was not read may have begun and ended in the middle of anything.
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

/// What may be a sentence that goes on overleaf.
fn drop_end(lines: &mut Vec<Line>) {
    let from_the_end = lines.iter().rev();
    let open = from_the_end.take_while(|line| !ends_sentence(&line.text));
    let open = open.count().min(MOST_LINES);
    lines.truncate(lines.len().saturating_sub(open));
}

/// The end of the sentence before, and the rest of its list.
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
