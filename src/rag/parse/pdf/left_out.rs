//! Removes unreliable pages, and the half sentences that they would leave behind.

use super::super::{Doubt, Extent};
use super::regions::Piece;

/// The most lines at the edge of a neighbouring page that may belong to a sentence of the removed
/// page.
const MOST_LINES: usize = 8;

/// Empties the doubtful pages. It also removes a sentence that runs into or out of one, and a list
/// that continues after one, because its missing lead-in may reverse its meaning. Of a page with doubtful
/// passages it marks the sentences that run into or out of these.
pub(super) fn remove(pages: &mut [Vec<Piece>], doubts: &[Option<(Doubt, Extent)>]) {
    for (at, doubt) in doubts.iter().enumerate() {
        match doubt {
            // A picture between pages of text is an illustration.
            None | Some((Doubt::Picture, _)) => continue,
            Some((_, Extent::Passages)) => {
                pages.get_mut(at).into_iter().for_each(|page| spread(page));
                continue;
            }
            Some((_, Extent::Page)) => {}
        }
        let Some(pieces) = pages.get_mut(at).map(std::mem::take) else {
            continue;
        };
        // An unreadable page may end in the middle of a list; a sentence of it would go on in lower
        // case.
        let unread = pieces.is_empty();
        let ends_open = pieces.last().is_some_and(Piece::ends_open);
        let leads = |piece: &Piece| {
            piece.is_list_item()
                || piece
                    .lines()
                    .last()
                    .is_some_and(|line| line.trim_end().ends_with(':'))
        };
        let in_list = unread || pieces.last().is_some_and(leads);
        if let Some(before) = at.checked_sub(1).and_then(|before| pages.get_mut(before)) {
            drop_end(before);
        }
        if let Some(after) = pages.get_mut(at + 1) {
            drop_start(after, ends_open, in_list);
        }
    }
}

/// Marks the lines that may belong to a sentence with a doubtful line.
fn spread(pieces: &mut [Piece]) {
    let joins: Vec<bool> = pieces
        .iter()
        .zip(pieces.iter().skip(1))
        .map(|(one, next)| one.ends_open() && begins_in_sentence(next))
        .collect();
    let all = joins.len();
    let forward = (0..all).map(|at| (at, at + 1));
    let backward = (0..all).rev().map(|at| (at + 1, at));
    for (from, to) in forward.chain(backward) {
        let is_joined = joins.get(from.min(to)).copied().unwrap_or(false);
        if is_joined
            && pieces.get(from).is_some_and(Piece::is_doubtful)
            && let Some(piece) = pieces.get_mut(to)
        {
            piece.doubt(|_| true);
        }
    }
}

fn begins_in_sentence(piece: &Piece) -> bool {
    piece
        .line()
        .is_some_and(|line| line.text.trim_start().starts_with(char::is_lowercase))
}

/// Removes the lines at the end that may continue on the next page.
fn drop_end(pieces: &mut Vec<Piece>) {
    let open = pieces.iter().rev().take_while(|piece| piece.ends_open());
    let open = open.count().min(MOST_LINES);
    pieces.truncate(pieces.len().saturating_sub(open));
}

/// Removes the end of the previous sentence and the rest of its list.
fn drop_start(pieces: &mut Vec<Piece>, goes_on: bool, in_list: bool) {
    let begins_open = pieces.first().is_some_and(begins_in_sentence);
    let mut dropped = 0;
    if goes_on || begins_open {
        for piece in pieces.iter().take(MOST_LINES) {
            if piece.is_list_item() {
                break;
            }
            dropped += 1;
            if !piece.ends_open() {
                break;
            }
        }
    }
    if in_list {
        let rest = pieces.iter().skip(dropped);
        dropped += rest.take_while(|piece| piece.is_list_item()).count();
    }
    pieces.drain(..dropped.min(pieces.len()));
}
