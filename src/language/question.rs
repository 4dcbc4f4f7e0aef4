//! One question of a message.

/// A question of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The sentence that asks. If it does not tell alone what it asks about, the last sentence before
    /// it that names something comes first.
    pub text: String,
    /// The other sentences of the message.
    pub around: String,
}
