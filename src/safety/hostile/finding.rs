//! A suspicious part of a text, and its kinds.

/// The most findings per kind that are reported; one is enough to quarantine a document.
pub(super) const MAX_FINDINGS: usize = 50;

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
