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
    /// What recognised the sign.
    pub witness: Option<Witness>,
    /// Whether the person's earlier messages could change the level: the message goes on with
    /// something, or is a faint sign.
    pub depends_on_earlier: bool,
}

/// The least probability of a sign with which a message is read together with earlier ones. An
/// unrelated question after an emergency ("and where can I park?") has less.
const FAINT: f32 = 0.2;
/// A rule alone calls no emergency if the model gives it less than this probability; the message
/// is urgent then.
const CONTRADICTED: f32 = 0.1;
/// The most earlier messages that are read with the newest.
pub const EARLIER: u8 = 3;

/// Triages a message that stands alone.
pub fn triage(message: &str) -> Triage {
    let (sign, opinion) = (
        Rules::built_in().witness(message),
        classifier::judge(message),
    );
    let level = sign.map_or(Level::None, |sign| {
        // The other witness knows more ways to tell of the past, of others and of stories.
        let contradicted = opinion.emergency < CONTRADICTED;
        sign.level.min(if contradicted {
            Level::Urgent
        } else {
            Level::Emergency
        })
    });
    let level = level.max(opinion.level);
    let by_rule = sign.filter(|sign| sign.level >= level);
    let witness = match (sign.is_some(), opinion.level > Level::None) {
        (true, true) => Some(Witness::Both),
        (true, false) => Some(Witness::Rules),
        (false, true) => Some(Witness::Classifier),
        (false, false) => None,
    };
    Triage {
        level,
        category: by_rule.map(|sign| sign.category).or(opinion.category),
        witness,
        depends_on_earlier: level < Level::Emergency && opinion.flagged >= FAINT,
    }
}

/// Triages the newest message of a conversation after earlier ones of the same person, the oldest
/// first. Signs may be spread over messages, and "it got worse" needs to know what did.
pub fn triage_in(newest: &str, earlier: &[&str]) -> Triage {
    let alone = triage(newest);
    if !alone.depends_on_earlier || earlier.is_empty() {
        return alone;
    }
    let first = earlier.len().saturating_sub(usize::from(EARLIER));
    let told = earlier.iter().skip(first).chain([&newest]);
    let together = triage(&told.copied().collect::<Vec<_>>().join("\n"));
    if together.level > alone.level {
        together
    } else {
        alone
    }
}

#[cfg(test)]
mod tests;
