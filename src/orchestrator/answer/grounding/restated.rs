//! Whether a sentence restates a unit in words of its own.
//!
//! The comparison word by word stands first; a sentence that it does not support, and that is no
//! copy with a change, is judged here by its gist. Each of its words must say what a word of the
//! unit says, as the reviewed list of meanings has it; figures, denials, duties, choices,
//! frequencies and conditions must agree. The order of the words is free.

use std::collections::HashSet;

use super::alignment::is_discourse;
use super::gist::{Around, Gist, Word};
use super::quantity::Quantities;
use super::reason::Reason;
use super::statement::{Placed, Token};
use crate::language::interface::Facet;
use crate::language::spoken;

/// A sentence that has more per cent of its words, of the unit's words, or of the pairs of words that
/// stand side by side in both, is a copy, in which each change counts.
const MOST_OF_SENTENCE: usize = 66;
const MOST_OF_UNIT: usize = 72;
const MOST_PAIRS: usize = 40;
/// A word that is lost needs so many others that the unit holds.
const LEAST_HELD: usize = 2;
/// The share of a clause of the unit that a sentence has to hold in order to speak of it.
const SPOKEN_OF: usize = 2;

/// The unit's surroundings.
pub(super) struct Beside<'a> {
    pub above: &'a Around,
    pub quantities: &'a Quantities,
    pub question: &'a HashSet<String>,
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
    pub same: usize,
    pub reworded: usize,
    pub above: usize,
    pub lost: Vec<&'a str>,
    /// The statements of the unit of which the sentence says a word.
    touched: HashSet<usize>,
}

impl<'a> Laid<'a> {
    pub fn of(claim: &'a Gist, unit: &'a Gist, beside: &'a Beside<'a>) -> Self {
        let mut laid = Self {
            claim,
            unit,
            beside,
            places: Vec::new(),
            used: vec![false; unit.words.len()],
            same: 0,
            reworded: 0,
            above: 0,
            lost: Vec::new(),
            touched: HashSet::new(),
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

    fn lay(&mut self, token: &'a Token, word: &Word) {
        if self.mark(|other| word.is(other)) {
            self.same += 1;
        } else if self.mark(|other| word.may_stand_for(other)) || self.unit.says_parts_of(word) {
            self.reworded += 1;
        } else if self.beside.above.hold(word) {
            self.above += 1;
        } else if !says_little(token) && !word.says_nothing() {
            self.lost.push(&token.word);
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
        self.same + self.reworded
    }

    /// Returns the first difference.
    pub fn verdict(&self) -> Result<(), Reason> {
        if !self.tolerates_lost() {
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
        self.conditions()
    }

    /// Whether the unit itself holds at least half of the sentence.
    pub fn is_about_the_same(&self) -> Result<(), Reason> {
        let held = self.held();
        let all = held + self.above + self.lost.len();
        let is_same = held >= 2 && held * 2 >= all;
        if is_same {
            Ok(())
        } else {
            Err(Reason::Unrelated)
        }
    }

    /// Whether the lost words are so few and so plain that other words may have told the same.
    fn tolerates_lost(&self) -> bool {
        let (names, claims) = (&spoken().names, &spoken().claims);
        let is_plain =
            |stem: &String| names.everyday_stems.contains(stem) && !claims.contrasts.contains(stem);
        let mut lost = self.lost.iter();
        self.lost.len() * LEAST_HELD <= self.held()
            && lost.all(|word| {
                let stem = spoken().words.stem(word);
                let parts = spoken().lexicon.parts(&stem);
                is_plain(&stem) || (!parts.is_empty() && parts.iter().all(is_plain))
            })
    }

    pub fn figures(&self) -> Result<(), Reason> {
        let agree = self.has_figures() && !self.turns_a_bound();
        if agree { Ok(()) } else { Err(Reason::Number) }
    }

    pub fn conditions(&self) -> Result<(), Reason> {
        let agree = !self.drops_a_condition() && !self.adds_a_limit();
        if agree {
            Ok(())
        } else {
            Err(Reason::Condition)
        }
    }

    /// Whether the sentence says "over" where the unit says "under".
    fn turns_a_bound(&self) -> bool {
        let (mine, its) = (&self.claim.claim.statement, &self.unit.claim.statement);
        let turned = |one: &str, other: &str| {
            mine.bonds.contains(&one) && its.bonds.contains(&other) && !its.bonds.contains(&one)
        };
        turned("over", "under") || turned("under", "over")
    }

    fn has_figures(&self) -> bool {
        let (mine, its) = (&self.claim.claim, &self.unit.claim);
        mine.quantities
            .without_one()
            .are_in(&its.quantities, self.beside.quantities)
            && !its
                .ranges
                .iter()
                .any(|range| range.is_halved_by(&mine.plain, &mine.quantities))
    }

    /// The operators of the unit's statements of which the sentence speaks.
    fn operators(&self) -> impl Iterator<Item = &Placed> {
        let operators = self.unit.claim.statement.operators.iter();
        operators.filter(|placed| self.touched.contains(&placed.statement))
    }

    fn says(&self, sense: &str) -> bool {
        let statement = &self.claim.claim.statement;
        statement.senses().any(|own| own == sense)
    }

    fn unit_says(&self, sense: &str) -> bool {
        self.operators()
            .any(|placed| placed.operator.sense == sense)
    }

    fn denies_otherwise(&self) -> bool {
        let denies = |placed: &&Placed| {
            placed.operator.facet == Facet::Polarity || placed.operator.sense == "unless"
        };
        let not = |placed: &&Placed| placed.operator.facet == Facet::Polarity;
        let mine = || self.claim.claim.statement.operators.iter();
        let its = || self.operators().filter(|placed| self.reaches_told(placed));
        let same = mine().filter(not).count() == its().filter(not).count();
        !same && mine().filter(denies).count() != its().filter(denies).count()
    }

    /// Whether the sentence says a word in the reach of a denial of the unit.
    fn reaches_told(&self, placed: &Placed) -> bool {
        let mut tokens = self.unit.tokens().zip(&self.used);
        let is_denied =
            |token: &Token| token.statement == placed.statement && !token.denied.is_empty();
        placed.operator.facet != Facet::Polarity
            || tokens.any(|((token, _), used)| *used && is_denied(token))
    }

    fn obliges_otherwise(&self) -> bool {
        let claims = &spoken().claims;
        let orders = self.unit.tokens().zip(&self.used);
        let orders = || {
            orders
                .clone()
                .any(|((token, _), used)| *used && token.orders)
        };
        let obliges = self.unit_says(claims.duty) || orders();
        let allows = self.unit_says(claims.choice);
        let hedges = ["some", "sometimes", "often", "usually", "rarely", "most"];
        (self.says(claims.duty) && !obliges && !self.unit_says("always"))
            || (self.says("will") && allows && !self.says(claims.choice))
            || (self.says(claims.choice) && obliges && !allows)
            || (allows && !self.says(claims.choice) && !hedges.iter().any(|sense| self.says(sense)))
    }

    fn counts_otherwise(&self) -> bool {
        let is_common = self
            .unit
            .words
            .iter()
            .any(|word| word.lemma == spoken().claims.common);
        let adds = ADDED.iter().any(|(sense, from)| {
            self.says(sense)
                && !from.iter().any(|sense| self.unit_says(sense))
                && !(is_common && from.contains(&"usually"))
        });
        let generalises = ["every", "always"].iter().any(|sense| self.says(sense))
            && !["every", "always", "any", "not"]
                .iter()
                .any(|sense| self.unit_says(sense));
        let drops = HEDGES
            .iter()
            .any(|(sense, to)| self.unit_says(sense) && !to.iter().any(|sense| self.says(sense)));
        let excepts = self.says("unless")
            && !["unless", "only", "not", "other"]
                .iter()
                .any(|sense| self.unit_says(sense));
        adds || generalises || drops || excepts
    }

    /// Whether the sentence says nothing of a condition or a limit of the unit.
    fn drops_a_condition(&self) -> bool {
        let statement = &self.unit.claim.statement;
        let limits = statement.limits.iter();
        let conditions = statement.operators.iter();
        let conditions = conditions.filter(|placed| placed.operator.facet == Facet::Condition);
        let mine = &self.claim.claim.statement;
        let is_conditional = mine.is_conditional() || !mine.limits.is_empty();
        let mut placed = conditions.chain(limits);
        placed.any(|placed| {
            self.touched.contains(&placed.statement)
                && !is_conditional
                && !self.speaks_of_clause_at(placed.at)
        })
    }

    /// Whether the sentence holds enough of the clause that begins with this word of the unit.
    fn speaks_of_clause_at(&self, at: usize) -> bool {
        let tokens = &self.unit.claim.statement.tokens;
        let Some(first) = tokens.get(at) else {
            return true;
        };
        let mut clauses: Vec<(usize, usize, usize)> = Vec::new();
        for (token, used) in tokens.iter().zip(&self.used).skip(at) {
            let continues = clauses
                .last()
                .is_some_and(|(clause, ..)| *clause == token.clause);
            if token.statement != first.statement
                || !(continues || clauses.is_empty() || token.is_listed)
            {
                break;
            }
            if !continues {
                clauses.push((token.clause, 0, 0));
            }
            if let Some((_, all, held)) = clauses.last_mut()
                && !token.is_number
                && !says_little(token)
            {
                *all += 1;
                *held += usize::from(*used || self.beside.question.contains(&token.stem));
            }
        }
        // One alternative of several is enough.
        let mut clauses = clauses.into_iter();
        clauses.any(|(_, all, held)| held * SPOKEN_OF >= all)
    }

    /// Whether the sentence says "before" where the unit says "after".
    fn adds_a_limit(&self) -> bool {
        let mine = self.claim.claim.statement.limits.iter();
        let its: Vec<&str> = self.unit.claim.statement.senses().collect();
        mine.map(|placed| placed.operator.sense).any(|sense| {
            let like = LIMITS.iter().find(|(limit, _)| *limit == sense);
            like.is_some_and(|(_, like)| !like.iter().any(|other| its.contains(other)))
        })
    }
}

/// Whether the sentence repeats the unit, so that a comparison word by word has to decide.
pub(super) fn is_copy(claim: &Gist, unit: &Gist) -> bool {
    let (mine, its) = (&claim.raw, &unit.raw);
    let shared = mine.iter().filter(|word| its.contains(word)).count();
    let kept = its.iter().filter(|word| mine.contains(word)).count();
    let pairs: HashSet<&[String]> = its.windows(2).collect();
    let paired = mine.windows(2).filter(|pair| pairs.contains(pair)).count();
    let fewer = mine.len().min(its.len()).saturating_sub(1);
    shared * 100 > mine.len() * MOST_OF_SENTENCE
        || kept * 100 > its.len() * MOST_OF_UNIT
        || paired * 100 > fewer * MOST_PAIRS
}

/// Senses that a sentence may not add, each with those of the unit that say as much.
const ADDED: &[(&str, &[&str])] = &[
    ("only", &["only"]),
    ("most", &["most", "usually"]),
    ("usually", &["usually", "most", "often"]),
    ("often", &["often", "usually", "many", "most"]),
    ("rarely", &["rarely", "few"]),
    ("both", &["both"]),
];

/// Senses of the unit that limit what it says, each with those that a sentence may have instead.
const HEDGES: &[(&str, &[&str])] = &[
    ("most", &["most", "usually", "often", "may", "many"]),
    ("usually", &["usually", "most", "often", "may"]),
    ("often", &["often", "usually", "may", "many", "sometimes"]),
    ("sometimes", &["sometimes", "some", "may"]),
    ("some", &["some", "sometimes", "may", "several", "not"]),
    ("rarely", &["rarely", "few"]),
    ("few", &["few", "rarely", "several", "some"]),
    ("only", &["only", "unless"]),
];

/// Limits, each with those of the unit that say the same.
const LIMITS: &[(&str, &[&str])] = &[
    ("before", &["before", "until"]),
    ("after", &["after", "if", "until"]),
    ("until", &["until", "before", "if"]),
    ("within", &["within", "during"]),
];

fn says_little(token: &Token) -> bool {
    let claims = &spoken().claims;
    is_discourse(token)
        || claims.light.contains(&token.stem)
        || claims.particles.contains(&token.word)
}
