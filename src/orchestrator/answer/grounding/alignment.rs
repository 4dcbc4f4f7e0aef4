//! Aligns a claim with a unit word by word.
//!
//! Agreement is earned: every word of the claim needs a word of the unit, or of the lines above it,
//! that means the same. The lines above may complete the unit, but no word of theirs may take the
//! place of one of its own.

use super::gist::Gist;
use super::reason::Reason;
use super::statement::{Statement, Token};
use super::vocabulary::{holds, is_akin};
use crate::language::lists::Set;
use crate::language::spoken;

/// The lines above a unit, and what the person asked.
pub(super) struct Surroundings<'a> {
    /// The words of the lines above.
    pub above: &'a Set<String>,
    /// The senses of the operators in the lines above.
    pub senses: &'a Set<&'static str>,
    pub question: &'a Set<String>,
    /// Whether the unit is a row, whose cells stand beside each other without any grammar.
    pub is_row: bool,
    /// The gists whose words may also agree by their meaning.
    pub gists: Option<Gists<'a>>,
}

/// The gist of a claim and that of a unit.
#[derive(Clone, Copy)]
pub(super) struct Gists<'a> {
    pub claim: &'a Gist,
    pub unit: &'a Gist,
}

impl Gists<'_> {
    /// Whether a word of the unit means what a word of the claim says.
    fn agree(&self, at: usize, place: usize) -> bool {
        let words = self.claim.words.get(at).zip(self.unit.words.get(place));
        words.is_some_and(|(word, other)| other.says(word))
    }
}

/// A claim laid beside a unit.
pub(super) struct Alignment<'a> {
    pub claim: &'a Statement,
    pub unit: &'a Statement,
    pub around: &'a Surroundings<'a>,
    /// The token of the unit that each token of the claim stands for.
    to: Vec<Option<usize>>,
    /// Whether each token of the unit is stood for.
    used: Vec<bool>,
}

impl<'a> Alignment<'a> {
    pub fn of(claim: &'a Statement, unit: &'a Statement, around: &'a Surroundings<'a>) -> Self {
        let mut alignment = Self {
            claim,
            unit,
            around,
            to: Vec::with_capacity(claim.tokens.len()),
            used: vec![false; unit.tokens.len()],
        };
        let mut last = None;
        for token in &claim.tokens {
            let place = alignment.nearest(token, last);
            if let Some(used) = place.and_then(|place| alignment.used.get_mut(place)) {
                *used = true;
            }
            alignment.to.push(place);
            last = place.or(last);
        }
        alignment
    }

    /// Returns the free token of the unit with this meaning: the same word before another one, and
    /// the nearest behind the last place before all others.
    fn nearest(&self, token: &Token, last: Option<usize>) -> Option<usize> {
        let expected = last.map_or(0, |last| last + 1);
        let tokens = self.unit.tokens.iter().enumerate();
        let same = tokens.filter(|(place, other)| {
            !self.takes(*place)
                && token.is_number == other.is_number
                && (token.stem == other.stem
                    || (!token.is_number
                        && (is_akin(&token.stem, &other.stem)
                            || self.agree_by_meaning(token.at, *place))))
        });
        let nearest = same.min_by_key(|(place, other)| {
            let differs = other.word != token.word;
            let by_meaning = other.stem != token.stem && !is_akin(&other.stem, &token.stem);
            let far = place.abs_diff(expected);
            (by_meaning, differs, *place < expected, far)
        });
        nearest.map(|(place, _)| place)
    }

    fn agree_by_meaning(&self, at: usize, place: usize) -> bool {
        let gists = self.around.gists;
        gists.is_some_and(|gists| gists.agree(at, place))
    }

    /// Whether the claim stands for this token of the unit.
    pub fn takes(&self, place: usize) -> bool {
        self.used.get(place).copied().unwrap_or_default()
    }

    /// Returns the token of the claim that stands for this token of the unit.
    pub fn taker(&self, place: usize) -> Option<&Token> {
        let at = self.to.iter().position(|to| *to == Some(place))?;
        self.claim.tokens.get(at)
    }

    /// Returns the place in the unit for which a token of the claim stands.
    pub fn place(&self, at: usize) -> Option<usize> {
        self.to.get(at).copied().flatten()
    }

    /// Returns the tokens of the claim, each with its token of the unit and the place of that.
    pub fn pairs(&self) -> impl Iterator<Item = (&Token, &Token, usize)> {
        let tokens = self.claim.tokens.iter().zip(&self.to);
        tokens.filter_map(|(token, place)| {
            let place = (*place)?;
            Some((token, self.unit.tokens.get(place)?, place))
        })
    }

    /// Whether the claim stands for a token of this statement of the unit.
    pub fn touches(&self, statement: usize) -> bool {
        let mut pairs = self.pairs();
        pairs.any(|(_, other, _)| other.statement == statement)
    }

    /// Whether the claim leaves out this word of the unit, and the word matters.
    pub fn leaves_out(&self, place: usize) -> bool {
        let light = &spoken().claims.light;
        !self.takes(place)
            && self.unit.tokens.get(place).is_some_and(|token| {
                !token.is_number && !is_discourse(token) && !light.contains(&token.stem)
            })
    }

    /// Whether the unit itself holds at least half of the claim's words.
    pub fn is_about_the_same(&self) -> bool {
        let tokens = self.claim.tokens.iter().zip(&self.to);
        let told = tokens.filter(|(token, _)| !token.is_number && !is_discourse(token));
        let (mut all, mut held) = (0, 0);
        for (_, place) in told {
            all += 1;
            held += usize::from(place.is_some());
        }
        held * 2 >= all
    }

    /// A word that neither the unit nor the lines above hold, or one that takes the place of a word
    /// of the unit.
    pub fn invented(&self) -> Option<Reason> {
        let mut unheld = self.claim.tokens.iter().enumerate();
        let is_invented = |at: usize, token: &Token| {
            let claims = &spoken().claims;
            let says_little = is_discourse(token) || claims.slight.contains(&token.stem);
            let is_light = says_little || claims.light.contains(&token.stem);
            (!is_light && !holds(self.around.above, &token.stem))
                || (!self.around.is_row
                    && (self.replaces(at, says_little) || (!is_light && self.is_addressed(at))))
        };
        unheld
            .any(|(at, token)| {
                self.place(at).is_none() && !token.is_number && is_invented(at, token)
            })
            .then_some(Reason::Name)
    }

    /// Whether the word is a subject where the unit addresses the reader.
    fn is_addressed(&self, at: usize) -> bool {
        let token = self.claim.tokens.get(at);
        let begins = token.is_some_and(|token| token.begins && token.governor.is_none());
        let next = (at + 1..self.to.len()).find_map(|at| self.place(at));
        let next = next.and_then(|place| self.unit.tokens.get(place));
        begins && next.is_some_and(|next| next.addresses && next.begins)
    }

    /// Whether the unit has a word of its own where the claim has this one. A word that says little
    /// may take the place of another one.
    fn replaces(&self, at: usize, says_little: bool) -> bool {
        let before = (0..at).rev().find_map(|at| self.place(at));
        let after = (at + 1..self.to.len()).find_map(|at| self.place(at));
        let token = |place: usize| self.unit.tokens.get(place);
        let (from, to) = match (before, after) {
            (Some(before), Some(after)) if before < after => (before + 1, after),
            (None, Some(after)) => (0, after),
            (Some(before), _) => (before + 1, self.unit.tokens.len()),
            (None, None) => return false,
        };
        let clause = |place: usize| token(place).map(|token| token.clause);
        let statement = |place: usize| token(place).map(|token| token.statement);
        (from..to).any(|place| {
            let near = (before.is_some() && after.is_some())
                || before.is_some_and(|one| place == one + 1 || clause(one) == clause(place))
                || after.is_some_and(|one| statement(one) == statement(place));
            near && !self.takes(place)
                && token(place).is_some_and(|token| {
                    let light = says_little && spoken().claims.light.contains(&token.stem);
                    !token.is_number && !light
                })
        })
    }
}

/// Whether a word claims nothing.
pub(super) fn is_discourse(token: &Token) -> bool {
    spoken().claims.discourse.contains(&token.stem)
}
