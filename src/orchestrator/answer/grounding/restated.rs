//! Whether a sentence restates a unit in words of its own.
//!
//! The comparison word by word stands first; a sentence that it does not support, and that is no
//! copy with a change, is judged here by its gist. Each of its words must say what a word of the
//! unit says, as the reviewed list of meanings has it; figures, denials, duties, choices,
//! frequencies and conditions must agree. The order of the words is free.

mod accord;

use super::alignment::is_discourse;
use super::gist::{Around, Gist, Word};
use super::quantity::Quantities;
use super::reason::Reason;
use super::statement::Token;
use crate::language::lists::Set;
use crate::language::spoken;

/// A sentence that has more per cent of its words, of the unit's words, or of the pairs of words that
/// stand side by side in both, is a copy, in which each change counts.
const MOST_OF_SENTENCE: usize = 78;
const MOST_OF_UNIT: usize = 85;
const MOST_PAIRS: usize = 45;

/// The unit's surroundings.
pub(super) struct Beside<'a> {
    pub above: &'a Around,
    pub quantities: &'a Quantities,
    pub question: &'a Set<String>,
}

/// A sentence laid over a unit.
pub(super) struct Laid<'a> {
    claim: &'a Gist,
    unit: &'a Gist,
    beside: &'a Beside<'a>,
    /// The words of the unit that each word of the sentence may stand for.
    places: Vec<Vec<usize>>,
    /// The words of the unit that the sentence says.
    used: Vec<bool>,
    /// How many words of the sentence the unit holds, how many only the lines above it, and how many
    /// neither.
    held: usize,
    above: usize,
    lost: usize,
    /// The statements of the unit of which the sentence says a word.
    touched: Set<usize>,
}

impl<'a> Laid<'a> {
    pub fn of(claim: &'a Gist, unit: &'a Gist, beside: &'a Beside<'a>) -> Self {
        let mut laid = Self {
            claim,
            unit,
            beside,
            places: Vec::new(),
            used: vec![false; unit.words.len()],
            held: 0,
            above: 0,
            lost: 0,
            touched: Set::default(),
        };
        for (token, word) in claim.tokens() {
            if !token.is_number && !claim.is_unit(token) {
                laid.lay(token, word);
            }
        }
        laid.settle();
        let tokens = unit.claim.statement.tokens.iter().zip(&laid.used);
        laid.touched = tokens
            .filter(|(_, used)| **used)
            .map(|(token, _)| token.statement)
            .collect();
        laid
    }

    fn lay(&mut self, token: &Token, word: &Word) {
        // If the unit has the word itself, its words of the same meaning count as not said.
        if self.mark(|other| word.is(other))
            || self.mark(|other| word.may_stand_for(other))
            || self.unit.says_parts_of(word)
        {
            self.held += 1;
        } else if self.beside.above.hold(word) {
            self.above += 1;
        } else if !says_little(token) && !word.says_nothing() {
            self.lost += 1;
        }
    }

    /// Notes the words of the unit that fit, and returns whether there are any.
    fn mark(&mut self, fits: impl Fn(&Word) -> bool) -> bool {
        let words = self.unit.words.iter().enumerate();
        let places: Vec<usize> = words
            .filter(|(_, other)| fits(other))
            .map(|(place, _)| place)
            .collect();
        let any = !places.is_empty();
        self.places.extend(any.then_some(places));
        any
    }

    /// Settles the places: of several words of the unit, the one in the statement that the sentence
    /// speaks of most.
    fn settle(&mut self) {
        let tokens = &self.unit.claim.statement.tokens;
        let statement = |place: usize| tokens.get(place).map_or(0, |token| token.statement);
        let told = |wanted: usize| {
            let places = self.places.iter();
            let in_it =
                |places: &&Vec<usize>| places.iter().any(|place| statement(*place) == wanted);
            places.filter(in_it).count()
        };
        for places in &self.places {
            let most = places.iter().map(|place| told(statement(*place))).max();
            let best = places
                .iter()
                .filter(|place| Some(told(statement(**place))) == most);
            let first = best.clone().next().map(|place| statement(*place));
            for place in best.filter(|place| Some(statement(**place)) == first) {
                if let Some(used) = self.used.get_mut(*place) {
                    *used = true;
                }
            }
        }
    }

    /// Returns how many of its words the unit itself holds.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Returns the first difference.
    pub fn verdict(&self) -> Result<(), Reason> {
        if self.lost > 0 {
            return Err(Reason::Name);
        }
        self.figures()?;
        if self.denies_otherwise() {
            return Err(Reason::Opposite);
        }
        if self.obliges_otherwise() {
            return Err(Reason::Modality);
        }
        if self.counts_otherwise() {
            return Err(Reason::Quantifier);
        }
        self.conditions()?;
        if self.is_doubted() {
            return Err(Reason::Framing);
        }
        if self.compares_otherwise() || self.turns_a_cause() {
            return Err(Reason::Relation);
        }
        Ok(())
    }

    /// Whether the unit itself holds at least half of the sentence.
    pub fn is_about_the_same(&self) -> Result<(), Reason> {
        let all = self.held + self.above + self.lost;
        let is_same = self.held >= 2 && self.held * 2 >= all;
        if is_same {
            Ok(())
        } else {
            Err(Reason::Unrelated)
        }
    }

    pub fn figures(&self) -> Result<(), Reason> {
        let agree = self.has_figures() && !self.turns_a_bound();
        if agree { Ok(()) } else { Err(Reason::Number) }
    }

    pub fn conditions(&self) -> Result<(), Reason> {
        let agree = !self.drops_a_condition() && !self.adds_a_limit() && !self.drops_an_exception();
        if agree {
            Ok(())
        } else {
            Err(Reason::Condition)
        }
    }
}

/// Whether the sentence repeats the unit, so that a comparison word by word has to decide.
pub(super) fn is_copy(claim: &Gist, unit: &Gist) -> bool {
    let (mine, its) = (&claim.raw, &unit.raw);
    let shared = mine.iter().filter(|word| its.contains(word)).count();
    let kept = its.iter().filter(|word| mine.contains(word)).count();
    let pairs: Set<&[String]> = its.windows(2).collect();
    let paired = mine.windows(2).filter(|pair| pairs.contains(pair)).count();
    let fewer = mine.len().min(its.len()).saturating_sub(1);
    shared * 100 > mine.len() * MOST_OF_SENTENCE
        || kept * 100 > its.len() * MOST_OF_UNIT
        || paired * 100 > fewer * MOST_PAIRS
}

fn says_little(token: &Token) -> bool {
    let claims = &spoken().claims;
    is_discourse(token)
        || claims.light.contains(&token.stem)
        || claims.particles.contains(&token.word)
}
