//! The particular thing that a question demands of the lines that answer it: the effect of "does it
//! cause a rash?", a limit, or a number of what is counted.
//!
//! A passage on the right medicine under the right heading may still not have it; then it does not
//! answer, however similar it is.

use super::asked::announced;
use super::lists::{Set, lower_words, spaced};
use super::subject::holds;
use super::{spoken, topic_words};

/// A demand on the lines of an answer: the words and figures that one of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The topic words of the effect or the object that a question for a yes or a no asks about.
    effect: Vec<String>,
    /// The topic words of what is counted.
    counted: Vec<String>,
    /// Whether a limit, or an amount, is asked for.
    limit: bool,
    amount: bool,
}

impl Demand {
    /// Reads what a question demands.
    pub fn of(question: &str) -> Self {
        let question = announced(question);
        let words: Vec<String> = lower_words(&question).collect();
        Self {
            effect: effect(&words),
            counted: counted(&words),
            limit: spoken().questions.demands.limits.are_in(&question),
            amount: spoken().questions.demands.amounts.are_in(&question),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.effect.is_empty() && self.counted.is_empty() && !self.limit && !self.amount
    }

    /// Whether a line has it. `above` contains the lines that govern it, `words` the topic words of
    /// both, and `title` those of the title.
    pub fn is_met_by(
        &self,
        line: &str,
        above: &[String],
        words: &Set<String>,
        title: &Set<String>,
    ) -> bool {
        let is_held = |word: &String| holds(words, word);
        let has_effect = self.effect.last().is_none_or(|head| {
            let anywhere = |word: &String| is_held(word) || holds(title, word);
            let held = self.effect.iter().filter(|word| anywhere(word)).count();
            anywhere(head) && held * 2 > self.effect.len()
        });
        let has_count = self
            .counted
            .last()
            .is_none_or(|head| is_held(head) && has_number(line));
        let has_limit = !self.limit || {
            let limits = &spoken().questions.demands.limits_said;
            limits.are_in(&spaced(line)) || above.iter().any(|line| limits.are_in(&spaced(line)))
        };
        let amounts = &spoken().questions.demands.amounts_said;
        let has_amount = !self.amount || has_number(line) || amounts.are_in(&spaced(line));
        has_effect && has_count && has_limit && has_amount
    }
}

/// Returns the topic words after the verb of "does A cause B?" in the clause.
fn effect(words: &[String]) -> Vec<String> {
    let questions = &spoken().questions;
    // "What are the causes" asks for more than a yes or a no.
    let asks = |word: &&String| questions.yes_or_no.contains(word) || questions.open.contains(word);
    let mut asking = words.iter().skip_while(|word| !asks(word));
    if asking
        .next()
        .is_none_or(|word| questions.open.contains(word))
    {
        return Vec::new();
    }
    let mut asking = asking.skip_while(|word| !questions.demands.effects.contains(word));
    if asking.next().is_none() {
        return Vec::new();
    }
    let ends = &spoken().conditions.clause_ends;
    let clause = asking.take_while(|word| !ends.contains(word) && !questions.or.contains(word));
    clause.flat_map(|word| topic_words(word)).collect()
}

/// Returns the topic words after "how many", unless they are a measure.
fn counted(words: &[String]) -> Vec<String> {
    let questions = &spoken().questions;
    let is_asked = |pair: &[String]| matches!(pair, [how, many] if how == questions.how && many == questions.demands.many);
    let Some(at) = words.windows(2).position(is_asked) else {
        return Vec::new();
    };
    let named = words.iter().skip(at + 2).map_while(|word| {
        let topic = topic_words(word).next()?;
        (!spoken().amounts.measures.contains(word) && !questions.demands.any_number.contains(word))
            .then_some(topic)
    });
    named.collect()
}

fn has_number(line: &str) -> bool {
    let numbers = &spoken().amounts.numbers;
    line.contains(|c: char| c.is_ascii_digit())
        || lower_words(line).any(|word| numbers.contains_key(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(question: &str, title: &str, line: &str) -> bool {
        let demand = Demand::of(question);
        assert!(!demand.is_empty(), "{question}");
        let words = topic_words(line).collect();
        demand.is_met_by(line, &[], &words, &topic_words(title).collect())
    }

    #[test]
    fn an_effect_must_be_named_with_its_head() {
        let asked = "Does metolazide cause high blood pressure?";
        let title = "Metolazide";
        assert!(meets(
            asked,
            title,
            "It can raise the pressure of your blood."
        ));
        assert!(!meets(asked, title, "Your blood sugar may be high."));
        assert!(meets("Can it trigger a rash?", title, "A rash is common."));
        assert!(!meets(
            "Can it trigger a rash?",
            title,
            "It may make you dizzy."
        ));
        assert!(Demand::of("What causes a rash?").is_empty());
        assert!(Demand::of("I am looking for information on how to prevent a rash").is_empty());
    }

    #[test]
    fn a_limit_must_be_said() {
        let asked = "What is the maximum daily dose of metolazide?";
        let title = "Metolazide";
        assert!(meets(
            asked,
            title,
            "Never take more than 3 tablets in a day."
        ));
        assert!(!meets(asked, title, "Take 1 tablet in the morning."));
    }

    #[test]
    fn a_number_must_stand_beside_what_is_counted() {
        let asked = "How many beds does the hospital have?";
        assert!(meets(asked, "Our hospital", "The hospital has 400 beds."));
        assert!(meets(asked, "Our hospital", "There are twelve beds."));
        assert!(!meets(asked, "Staying safe", "Keep the bed low."));
        assert!(!meets(asked, "Our hospital", "It was opened in 1985."));
        assert!(Demand::of("How many tablets may I take?").is_empty());
        assert!(meets("How much is a letter?", "Fees", "A letter costs 25."));
        assert!(meets("How much is a letter?", "Fees", "You pay nothing."));
        assert!(!meets("How much is a letter?", "Fees", "Ask for a letter."));
    }
}
