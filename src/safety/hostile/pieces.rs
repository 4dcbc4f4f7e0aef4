//! Cuts a text into sentences and lines, in one pass.

/// The longest piece in characters; a longer sentence is cut.
const MAX_PIECE: usize = 600;

/// A sentence or line, and the offset of its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub text: &'a str,
    pub start: usize,
    /// The offset after its last character.
    pub end: usize,
}

/// Returns the pieces of a text that hold more than white space.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let (mut rest, mut at) = (text, 0);
    let all = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (bytes, chars) = length(rest);
        let (piece, after) = rest.split_at_checked(bytes)?;
        let start = at;
        rest = after;
        at += chars;
        Some(Piece {
            text: piece,
            start,
            end: at,
        })
    });
    all.filter(|piece| !piece.text.trim().is_empty())
}

/// Returns the length of the first piece in bytes and in characters.
fn length(text: &str) -> (usize, usize) {
    let mut chars = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let ended = matches!(before, '.' | '!' | '?' | '…') && c.is_whitespace();
        if ended || chars >= MAX_PIECE {
            return (at, chars);
        }
        chars += 1;
        if matches!(c, '\n' | '。' | '！' | '？' | '।') {
            return (at + c.len_utf8(), chars);
        }
        before = c;
    }
    (text.len(), chars)
}
