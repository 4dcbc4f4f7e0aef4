//! Finds text in a document that is not meant for its readers: instructions to an assistant,
//! invisible text, and contact data that asks for money or secrets. It is pure, takes time linear
//! in the length of the text, and needs neither network nor model.

mod concepts;
mod encoded;
mod features;
mod fit;
mod fold;
mod invisible;
mod model;
mod pieces;
mod words;
mod written;

pub use fit::{Example, examples, fit};
pub use model::Weights;

/// The most findings per kind that are reported; one is enough to quarantine a document.
const MAX_FINDINGS: usize = 50;

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A text addresses an assistant and tells it what to do.
    Instruction,
    /// Such a text is encoded, for example in base64, or written so that people hardly read it.
    EncodedInstruction,
    /// Characters that nobody sees carry text, or change the text that people see.
    InvisibleText,
    /// Contact data asks the reader for money, secrets or card numbers, or to move to another
    /// channel.
    ForeignContact,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 4] = [
        Self::Instruction,
        Self::EncodedInstruction,
        Self::InvisibleText,
        Self::ForeignContact,
    ];

    /// The stable name in stored reasons, bodies and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::EncodedInstruction => "encoded_instruction",
            Self::InvisibleText => "invisible_text",
            Self::ForeignContact => "foreign_contact",
        }
    }

    /// A sentence for the person who decides about the document.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Instruction => "The text gives an instruction to an assistant.",
            Self::EncodedInstruction => "The text gives an encoded instruction to an assistant.",
            Self::InvisibleText => "The text contains characters that a reader cannot see.",
            Self::ForeignContact => {
                "The text asks for money, secrets or card numbers at a contact address."
            }
        }
    }
}

/// A suspicious part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// The offset of the first character, in Unicode scalar values of the text.
    pub start: usize,
    /// The offset after the last character.
    pub end: usize,
}

/// Returns the suspicious parts of a text in their order, at most fifty of each kind. An empty list
/// means that nothing was found. A long text takes a second of CPU time per megabyte or two.
pub fn inspect(text: &str) -> Vec<Finding> {
    inspect_with(text, model::fitted())
}

/// As [`inspect`], with other weights.
pub fn inspect_with(text: &str, weights: &Weights) -> Vec<Finding> {
    let mut reader = written::Reader::new(weights);
    let mut encoded: Vec<(usize, usize)> =
        encoded::runs(text, weights).take(MAX_FINDINGS).collect();
    for piece in pieces::pieces(text) {
        let folded = fold::fold(piece.text, piece.start);
        reader.take(&piece, &folded);
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
