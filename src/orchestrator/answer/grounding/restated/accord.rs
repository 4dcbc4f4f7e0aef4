//! In which respects a sentence and the unit that it restates agree: figures, denials, duties,
//! frequencies, conditions, comparisons and causes.

use super::super::gist::Gist;
use super::super::statement::{Placed, Token};
use super::{Laid, says_little};
use crate::language::interface::Facet;
use crate::language::senses::{ADDED, ALL, AS_GOOD_AS_ALL, EXCEPTIONS, HEDGES, LIMITS};
use crate::language::spoken;

/// The share of a clause of the unit that a sentence has to hold in order to speak of it.
const SPOKEN_OF: usize = 2;

impl Laid<'_> {
    /// Whether the sentence says "over" where the unit says "under".
    pub(super) fn turns_a_bound(&self) -> bool {
        let (mine, its) = (&self.claim.claim.statement, &self.unit.claim.statement);
        let turned = |one: &str, other: &str| {
            mine.bonds.contains(&one) && its.bonds.contains(&other) && !its.bonds.contains(&one)
        };
        turned("over", "under") || turned("under", "over")
    }

    pub(super) fn has_figures(&self) -> bool {
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

    /// Whether the unit sets a maximum: then "bring at most two" and "two may come" say the same.
    fn limits_amount(&self) -> bool {
        let most = spoken().claims.most;
        let says = |gist: &Gist| gist.words.iter().any(|word| word.lemma == most);
        says(self.unit) && says(self.claim)
    }

    fn unit_denies(&self) -> bool {
        self.unit_says(spoken().denial.not)
    }

    pub(super) fn denies_otherwise(&self) -> bool {
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

    pub(super) fn obliges_otherwise(&self) -> bool {
        let claims = &spoken().claims;
        let orders = || {
            let mut tokens = self.unit.tokens();
            tokens.any(|(token, _)| token.orders && self.touched.contains(&token.statement))
        };
        let obliges = self.unit_says(claims.duty) || orders();
        let allows = self.unit_says(claims.choice);
        let hedges = ["some", "sometimes", "often", "usually", "rarely", "most"];
        // "Cannot" and "must not" forbid alike.
        let forbids = allows && self.unit_denies() && self.says(spoken().denial.not);
        (self.says(claims.duty) && !obliges && !forbids && !self.unit_says("always"))
            || (self.says("will") && allows && !self.says(claims.choice))
            || (self.says(claims.choice) && obliges && !allows && !self.limits_amount())
            || (allows && !self.says(claims.choice) && !hedges.iter().any(|sense| self.says(sense)))
    }

    pub(super) fn counts_otherwise(&self) -> bool {
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
        let generalises = ALL.iter().any(|sense| self.says(sense))
            && !AS_GOOD_AS_ALL.iter().any(|sense| self.unit_says(sense));
        let drops = HEDGES
            .iter()
            .any(|(sense, to)| self.unit_says(sense) && !to.iter().any(|sense| self.says(sense)));
        let excepts = self.says("unless") && !EXCEPTIONS.iter().any(|sense| self.unit_says(sense));
        adds || generalises || drops || excepts
    }

    /// Whether the sentence says nothing of a condition or a limit of the unit.
    pub(super) fn drops_a_condition(&self) -> bool {
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

    /// Whether the sentence speaks of a case as well that the unit excepts: "even when".
    pub(super) fn drops_an_exception(&self) -> bool {
        let includes = self
            .claim
            .raw
            .iter()
            .any(|word| word == spoken().claims.even);
        includes && self.unit_says("unless") && !self.says("unless")
    }

    /// Whether the sentence says "before" where the unit says "after".
    pub(super) fn adds_a_limit(&self) -> bool {
        let mine = self.claim.claim.statement.limits.iter();
        let its: Vec<&str> = self.unit.claim.statement.senses().collect();
        mine.map(|placed| placed.operator.sense).any(|sense| {
            let like = LIMITS.iter().find(|(limit, _)| *limit == sense);
            like.is_some_and(|(_, like)| !like.iter().any(|other| its.contains(other)))
        })
    }

    /// Whether the unit only reports or doubts what the sentence states.
    pub(super) fn is_doubted(&self) -> bool {
        let doubts = &spoken().claims.doubts;
        let mut tokens = self.unit.tokens().zip(&self.used);
        tokens.any(|((token, _), used)| {
            !used && doubts.contains(&token.stem) && self.touched.contains(&token.statement)
        })
    }

    /// Whether the cause here is the effect there.
    pub(super) fn turns_a_cause(&self) -> bool {
        let Some((mine, its)) = self.claim.cause().zip(self.unit.cause()) else {
            return false;
        };
        let (mut same, mut turned) = (0, 0);
        for (token, word) in self.claim.tokens().filter(|(token, _)| token.at != mine.0) {
            let side = (token.at < mine.0) == mine.1;
            let mut places = self.unit.tokens().filter(|(other, fits)| {
                other.at != its.0 && (word.is(fits) || word.may_stand_for(fits))
            });
            if let Some((other, _)) = places.next() {
                let agrees = side == ((other.at < its.0) == its.1);
                same += usize::from(agrees);
                turned += usize::from(!agrees);
            }
        }
        turned > same
    }

    /// Whether a word stands after "than" here and before it there, or a letter of a name is gone.
    pub(super) fn compares_otherwise(&self) -> bool {
        let compared = |token: &Token| {
            let governor = token.governor;
            governor.is_some_and(|(sense, _)| sense == spoken().claims.than)
        };
        let tokens = &self.unit.claim.statement.tokens;
        let is_compared = tokens.iter().any(compared);
        let mut claimed = self.claim.tokens();
        let turned = is_compared
            && claimed.any(|(token, word)| {
                let mut same = self
                    .unit
                    .tokens()
                    .filter(|(_, other)| word.is(other))
                    .peekable();
                same.peek().is_some() && same.all(|(other, _)| compared(other) != compared(token))
            });
        let letter_lost = tokens
            .windows(2)
            .zip(self.used.windows(2))
            .any(|(pair, used)| {
                matches!((pair, used), ([_, letter], [true, false])
                if letter.is_adjacent && letter.word.len() == 1 && !letter.is_number)
            });
        turned || letter_lost
    }
}
