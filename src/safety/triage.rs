//! Triage: does this message describe an emergency that is happening now?
//!
//! A message is cut into sentences, and sentences into clauses. A red flag counts unless a negation
//! stands directly before it, its own clause is about the past, or its sentence is a plain question
//! for information. In doubt it counts: a needless "call emergency services" costs little, a missed
//! one may cost a life. The time is linear in the length of the message.

mod classifier;

use crate::domain::emergency::{Category, Level, Witness};
use crate::language::interface::Rule;
use crate::language::spoken;

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
/// The most earlier messages that are read with the newest.
pub const EARLIER: u8 = 3;

/// Triages a message that stands alone.
pub fn triage(message: &str) -> Triage {
    let (sign, opinion) = (rule_sign(message), classifier::judge(message));
    let level = sign
        .map_or(Level::None, |(level, _)| level)
        .max(opinion.level);
    let by_rule = sign.filter(|(of_rule, _)| *of_rule == level);
    let witness = match (sign.is_some(), opinion.level > Level::None) {
        (true, true) => Some(Witness::Both),
        (true, false) => Some(Witness::Rules),
        (false, true) => Some(Witness::Classifier),
        (false, false) => None,
    };
    Triage {
        level,
        category: by_rule.map(|(_, category)| category).or(opinion.category),
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

fn rule_sign(message: &str) -> Option<(Level, Category)> {
    let found = message.split(SENTENCE_ENDS).find_map(|text| {
        let sentence = Sentence::of(text);
        spoken()
            .emergencies
            .rules
            .iter()
            .find(|rule| sentence.raises(rule))
    });
    found.map(|rule| (Level::Emergency, rule.category))
}

const SENTENCE_ENDS: [char; 6] = ['.', '!', '?', ';', ':', '\n'];
const PAUSES: [char; 5] = [',', '(', ')', '–', '—'];
const APOSTROPHES: [char; 4] = ['\'', '’', 'ʼ', '`'];
/// The most words that are read before a phrase.
const REACH: usize = 6;

/// Texts of lower-case words without apostrophes, with single spaces and a space at either end, so
/// that whole words can be searched.
struct Sentence {
    whole: String,
    clauses: Vec<String>,
}

impl Sentence {
    fn of(text: &str) -> Self {
        let joins = &spoken().emergencies.joins;
        let (mut whole, mut clauses) = (String::from(" "), Vec::new());
        for part in text.split(PAUSES) {
            let mut clause = String::from(" ");
            for word in words(part) {
                whole.extend([word.as_str(), " "]);
                clause.extend([word.as_str(), " "]);
                if joins.contains(&word) {
                    clauses.push(std::mem::replace(&mut clause, String::from(" ")));
                }
            }
            clauses.push(clause);
        }
        Self { whole, clauses }
    }

    /// Whether one clause, or several together, show the sign: "my chest, it hurts".
    fn raises(&self, rule: &Rule) -> bool {
        let informs = !self.is_about_now();
        let counts = |clause: &&String| {
            let asks = asks(clause) || asks(&self.whole);
            (rule.negation_is_a_sign || !is_past(clause)) && !(informs && asks)
        };
        let clauses: Vec<&String> = self.clauses.iter().filter(counts).collect();
        rule.groups.iter().all(|group| {
            let mut places = clauses.iter().flat_map(|clause| group.before(clause));
            places.any(|before| rule.negation_is_a_sign || !is_negated(before))
        })
    }

    fn is_about_now(&self) -> bool {
        let emergencies = &spoken().emergencies;
        emergencies.present.are_in(&self.whole) && !emergencies.prevention.are_in(&self.whole)
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && !APOSTROPHES.contains(&c))
        .map(|word| {
            let letters = word.chars().filter(|c| !APOSTROPHES.contains(c));
            letters.flat_map(char::to_lowercase).collect::<String>()
        })
        .filter(|word| !word.is_empty())
}

fn asks(text: &str) -> bool {
    spoken().emergencies.information.begin(text)
}

/// Whether these words deny what follows.
fn is_negated(before: &str) -> bool {
    let denial = &spoken().denial;
    let mut words = before.rsplit(' ').filter(|word| !word.is_empty());
    let nearest = words
        .by_ref()
        .take(REACH)
        .find(|word| !denial.between.contains(word));
    nearest.is_some_and(|word| denial.absence.contains(word))
}

fn is_past(text: &str) -> bool {
    let emergencies = &spoken().emergencies;
    let is_year = |word: &str| {
        word.len() == 4
            && (word.starts_with("19") || word.starts_with("20"))
            && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let after_in = |text: &str| text.split(' ').next().is_some_and(is_year);
    let names_a_year = text.split(emergencies.in_year).skip(1).any(after_in);
    (names_a_year || emergencies.history.are_in(text)) && !emergencies.now.are_in(text)
}

#[cfg(test)]
mod tests;
