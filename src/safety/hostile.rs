//! Finds text in a document that is not meant for its readers: instructions to an assistant,
//! invisible text, and contact data that asks for money or secrets. It is pure, takes time linear
//! in the length of the text, and needs neither network nor model.

mod concepts;
mod encoded;
mod features;
mod finding;
mod fit;
mod fold;
mod invisible;
mod model;
mod pieces;
mod words;
mod written;

use finding::MAX_FINDINGS;
pub use finding::{Finding, Kind};
pub use fit::{Example, examples, fit};
pub use model::Weights;

/// Returns the suspicious parts of a text in their order, at most fifty of each kind. An empty list
/// means that nothing was found. A megabyte takes about a fifth of a second of CPU time.
pub fn inspect(text: &str) -> Vec<Finding> {
    inspect_with(text, model::fitted())
}

/// As [`inspect`], with other weights.
pub fn inspect_with(text: &str, weights: &Weights) -> Vec<Finding> {
    let pieces: Vec<_> = pieces::pieces(text).collect();
    let mut reader = written::Reader::new(weights, pieces.len());
    let mut encoded: Vec<(usize, usize)> =
        encoded::runs(text, weights).take(MAX_FINDINGS).collect();
    for piece in &pieces {
        let folded = fold::fold(piece.text, piece.start);
        reader.take(piece, &folded);
        if encoded.len() < MAX_FINDINGS && encoded::is_disguised(&folded, weights) {
            encoded.push((piece.start, piece.end));
        }
    }
    let encoded = encoded.into_iter().map(|(start, end)| Finding {
        kind: Kind::EncodedInstruction,
        start,
        end,
    });
    let mut found: Vec<Finding> = invisible::find(text).take(MAX_FINDINGS).collect();
    found.extend(reader.finish());
    found.extend(encoded);
    found.sort_by_key(|finding| (finding.start, finding.kind));
    found
}

#[cfg(test)]
mod tests;
