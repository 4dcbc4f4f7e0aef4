//! Random words of one request. Nobody who wrote a document or a message can know them.

/// The random bytes of a word.
const BYTES: usize = 10;

/// The random words of one prompt.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// Part of every tag around text that is data. Text without it cannot close a tag.
    pub fence: String,
    /// A word that stands only in the system prompt. An answer that contains it gives the prompt
    /// away.
    pub canary: String,
}

impl Marks {
    /// Draws new words.
    pub fn random() -> Result<Self, getrandom::Error> {
        let word = || {
            let mut bytes = [0_u8; BYTES];
            getrandom::fill(&mut bytes)?;
            Ok(hex::encode(bytes))
        };
        Ok(Self {
            fence: word()?,
            canary: word()?,
        })
    }
}
