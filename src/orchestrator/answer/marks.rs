//! Random words of one request. Nobody who wrote a document or a message can know them.

/// The random bytes of the canary, and of the mark, which stands in the prompt many times.
const CANARY: usize = 10;
const FENCE: usize = 5;

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
        Ok(Self {
            fence: word::<FENCE>()?,
            canary: word::<CANARY>()?,
        })
    }
}

fn word<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}
