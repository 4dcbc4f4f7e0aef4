//! Triage: does this message describe an emergency that is happening now?
//!
//! Two witnesses read a message: the rules ([`rules`]) and a fitted model ([`classifier`]). Each
//! alone can raise the alarm; if the model is sure of the contrary, the sign of a rule is urgent
//! rather than an emergency. In doubt a sign counts: a needless "call emergency services" costs
//! little, a missed one may cost a life. The time is linear in the length of the message.

mod classifier;
pub mod rules;

use crate::domain::emergency::{Category, Level, Witness};
use rules::Rules;

/// The result of triage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triage {
    pub level: Level,
    pub category: Option<Category>,
    /// The part that recognised the sign.
    pub witness: Option<Witness>,
    /// Whether the person's earlier messages could change the level: the message goes on with
    /// something, or is a faint sign.
    pub depends_on_earlier: bool,
}

/// The least probability of a sign with which a message is read together with earlier ones. An
/// unrelated question after an emergency ("and where can I park?") has less.
const FAINT: f32 = 0.2;
/// A rule that is not firm calls no emergency alone if the model gives it less than this
/// probability; the message is urgent then.
const CONTRADICTED: f32 = 0.1;
/// From this probability on, no denial counts.
const CERTAIN: f32 = 0.97;
/// The most words of a message in which nothing but cancelled signs is expected.
const SHORT: usize = 8;
/// The most earlier messages that are read with the newest.
pub const EARLIER: u8 = 3;

/// Triages a message that stands alone.
pub fn triage(message: &str) -> Triage {
    let (testimony, opinion) = (
        Rules::installed().testimony(message),
        classifier::judge(message),
    );
    let by_rule = testimony.sign.map(|sign| {
        // The other witness knows more ways to tell of the past, of others and of stories.
        let stands = sign.firm || opinion.emergency >= CONTRADICTED;
        let most = if stands {
            Level::Emergency
        } else {
            Level::Urgent
        };
        (sign.level.min(most), sign.category)
    });
    // The rules know best what a short message denies: "I have no chest pain".
    let denied = testimony.cancelled
        && opinion.emergency < CERTAIN
        && message.split_whitespace().count() <= SHORT;
    // A bare number is the answer to a question; with earlier messages it may be a reading.
    let says_something = message.chars().any(char::is_alphabetic);
    let by_model = if denied || !says_something {
        Level::None
    } else {
        opinion.level
    };
    let of_rule = by_rule.map_or(Level::None, |(level, _)| level);
    let level = of_rule.max(by_model);
    Triage {
        level,
        category: by_rule
            .filter(|_| of_rule == level)
            .map(|(_, category)| category)
            .or_else(|| opinion.category.filter(|_| level > Level::None)),
        witness: match (of_rule > Level::None, by_model > Level::None) {
            (true, true) => Some(Witness::Both),
            (true, false) => Some(Witness::Rules),
            (false, true) => Some(Witness::Classifier),
            (false, false) => None,
        },
        depends_on_earlier: level < Level::Emergency && !denied && opinion.flagged >= FAINT,
    }
}

/// Triages the newest message of a conversation after earlier ones of the same person, the oldest
/// first.
pub fn triage_in(newest: &str, earlier: &[&str]) -> Triage {
    triage(newest).after(newest, earlier)
}

impl Triage {
    /// Returns the triage of this newest message after earlier ones of the same person, the oldest
    /// first. Signs may be spread over messages, and "it got worse" needs to know what did.
    #[must_use]
    pub fn after(self, newest: &str, earlier: &[&str]) -> Self {
        if !self.depends_on_earlier || earlier.is_empty() {
            return self;
        }
        let first = earlier.len().saturating_sub(usize::from(EARLIER));
        let told = earlier.iter().skip(first).chain([&newest]);
        let together = triage(&told.copied().collect::<Vec<_>>().join("\n"));
        if together.level > self.level {
            together
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests;
