//! Builds the tree of a page within a limit of its depth.

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{Html, HtmlTreeSink};

use super::ParseError;

/// The most elements inside each other. Browsers build no more, and each costs the tree builder a
/// pass over all open elements.
const MAX_DEPTH: usize = 512;
/// The bytes between two checks of the depth, which bounds how many elements are built beyond the
/// limit.
const PIECE_BYTES: usize = 2_048;

/// Builds the tree of the page, unless its nesting is too deep.
pub(super) fn build(text: &str) -> Result<Html, ParseError> {
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser = driver::parse_document(sink, ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        parser.process(StrTendril::from(piece));
        let html = parser.tokenizer.sink.sink.0.borrow();
        let newest = html.tree.nodes().rfind(|node| node.value().is_element());
        if newest.is_some_and(|node| node.ancestors().nth(MAX_DEPTH).is_some()) {
            return Err(ParseError::TooDeep { most: MAX_DEPTH });
        }
        drop(html);
        rest = after;
    }
    Ok(parser.finish())
}
