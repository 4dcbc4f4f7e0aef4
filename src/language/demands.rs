//! The words of a language by which a question demands a particular thing.

use super::lists::{Phrases, Words};

/// The words by which a question demands a particular thing, or points to one.
pub struct Demands {
    /// The word after "how" that counts, and words after both that nothing need be counted with.
    pub many: &'static str,
    pub any_number: Words,
    /// Words that point to the noun after them, and those before and after an "it" that points
    /// forward: "is it safe to", "does it cost to", but not "does it need to".
    pub determining: Words,
    pub being: Words,
    pub needing: Words,
    pub forward: Words,
    /// Verbs between a cause and its effect, or between an act and its object.
    pub effects: Words,
    /// Phrases that ask for a limit, and those that tell one.
    pub limits: Phrases,
    pub limits_said: Phrases,
    /// Phrases that ask for an amount, and those that tell one without a number.
    pub amounts: Phrases,
    pub amounts_said: Phrases,
}
