//! The first thing in which a claim and the unit beside it differ.
//!
//! The words agree already; here the operators, limits and prepositions before them must agree, and
//! their order, except where a clause, a phrase or a member of a list changes places.

use super::alignment::{Alignment, is_discourse};
use super::reason::Reason;
use super::statement::{Placed, Statement, Token};
use super::vocabulary::holds;
use crate::language::interface::Facet;
use crate::language::spoken;

/// Two words this close may change places if one of them is an adverb.
const NEAR: usize = 2;
/// A limiting word stands before one of so many words.
const LIMITED: usize = 3;

/// Returns the difference that makes the claim another statement.
pub(super) fn difference(alignment: &Alignment<'_>) -> Option<Reason> {
    let found = alignment
        .invented()
        .or_else(|| denied_otherwise(alignment))
        .or_else(|| operated_otherwise(alignment))
        .or_else(|| framed_otherwise(alignment));
    // The cells of a row stand beside each other without any grammar.
    if alignment.around.is_row {
        return found;
    }
    found
        .or_else(|| limited_otherwise(alignment))
        .or_else(|| bound_otherwise(alignment))
        .or_else(|| ordered_otherwise(alignment))
        .or_else(|| beheaded(alignment))
}

fn denied_otherwise(alignment: &Alignment<'_>) -> Option<Reason> {
    let (claim, unit) = (alignment.claim, alignment.unit);
    let first = claim.tokens.first();
    let affirms = first.is_some_and(|token| token.word == spoken().claims.yes);
    let (mine, its) = (claim.denials().count(), unit.denials().count());
    if (mine > 0 && its == 0) || (affirms && its > 0) {
        return Some(Reason::Opposite);
    }
    if alignment.around.is_row {
        return None;
    }
    let mut pairs = alignment.pairs();
    // "In one day" and "a day" are one rate, wherever a "not" ends.
    let differs = pairs.any(|(token, other, _)| token.denied != other.denied && !is_period(token));
    let nothing_follows = |at: usize| at >= unit.tokens.len();
    let taken = unit
        .denials()
        .filter(|placed| alignment.takes(placed.at) || nothing_follows(placed.at));
    (differs || mine > its || mine < taken.count()).then_some(Reason::Opposite)
}

/// An operator was added, or one was left out before a word that the claim takes over.
fn operated_otherwise(alignment: &Alignment<'_>) -> Option<Reason> {
    let count = |statement: &Statement, sense: &str| {
        let senses = statement.operators.iter();
        senses
            .filter(|placed| placed.operator.sense == sense)
            .count()
    };
    let mut placed = alignment.claim.operators.iter();
    let added = placed.find(|placed| {
        let (sense, facet) = (placed.operator.sense, placed.operator.facet);
        let links = matches!(facet, Facet::Relation | Facet::Condition);
        let above = usize::from(alignment.around.senses.contains(sense));
        let most = (count(alignment.unit, sense) + above).max(1);
        let more = count(alignment.claim, sense) > most;
        (links && more) || !has_operator(alignment, placed)
    });
    let mut placed = alignment.unit.operators.iter();
    let found = added.or_else(|| placed.find(|placed| has_lost(alignment, placed)));
    found.map(|placed| Reason::of(placed.operator.facet))
}

/// Whether the unit, or a line above it, has an operator of the claim.
fn has_operator(alignment: &Alignment<'_>, placed: &Placed) -> bool {
    let claims = &spoken().claims;
    let (sense, facet) = (placed.operator.sense, placed.operator.facet);
    let place = alignment.place(placed.at);
    let beside = place.and_then(|place| alignment.unit.tokens.get(place));
    let mut operators = alignment.unit.operators.iter();
    let stands = operators.any(|other| {
        let same = |token: &Token| token.statement == other.statement;
        other.operator.sense == sense && beside.is_none_or(same)
    });
    let is_row = alignment.around.is_row;
    stands
        || facet == Facet::Polarity
        || alignment.around.senses.contains(sense)
        // "Rest" says that one should rest.
        || (sense == claims.duty && beside.is_some_and(|token| token.orders))
        || (is_row && (sense == claims.choice || sense == claims.every))
}

/// Whether the claim leaves out an operator that stands before a word that it takes over.
fn has_lost(alignment: &Alignment<'_>, placed: &Placed) -> bool {
    let (sense, facet) = (placed.operator.sense, placed.operator.facet);
    let may_go = placed.operator.may_go || sense == spoken().denial.not;
    let mut mine = alignment.claim.operators.iter();
    if may_go || alignment.around.is_row || mine.any(|other| other.operator.sense == sense) {
        return false;
    }
    let touches = || alignment.touches(placed.statement);
    let next = alignment.unit.tokens.get(placed.at);
    let next = next.filter(|next| next.statement == placed.statement);
    if next.is_none() || matches!(facet, Facet::Polarity | Facet::Condition) {
        return touches();
    }
    match alignment.taker(placed.at) {
        // "You should rest" may become "rest".
        Some(token) => sense != spoken().claims.duty || !token.orders,
        // "Some people" limits the statement, though "people" says little.
        None => next.is_some_and(is_discourse) && touches(),
    }
}

/// A phrase that limits the statement was added or left out.
fn limited_otherwise(alignment: &Alignment<'_>) -> Option<Reason> {
    let (claim, unit) = (alignment.claim, alignment.unit);
    let added = claim
        .limits
        .iter()
        .any(|limit| !has_limit(alignment, limit));
    let lost = unit.limits.iter().any(|limit| {
        let mut mine = claim.limits.iter();
        let kept = mine.any(|other| other.operator.sense == limit.operator.sense);
        let next = unit.tokens.get(limit.at);
        !kept
            && !limit.is_joined
            && alignment.touches(limit.statement)
            && !is_asked(alignment, next)
    });
    (added || lost || has_lost_scope(alignment)).then_some(Reason::Condition)
}

fn is_asked(alignment: &Alignment<'_>, token: Option<&Token>) -> bool {
    token.is_some_and(|token| alignment.around.question.contains(&token.stem))
}

/// Whether the unit limits by the same word, and the same, or a line above it does.
fn has_limit(alignment: &Alignment<'_>, limit: &Placed) -> bool {
    let sense = limit.operator.sense;
    let place = alignment.place(limit.at);
    let mut limits = alignment.unit.limits.iter();
    alignment.around.senses.contains(sense)
        || limits.any(|other| {
            let is_near = |place: usize| (other.at..other.at + LIMITED).contains(&place);
            other.operator.sense == sense && place.is_none_or(is_near)
        })
}

/// Whether the claim leaves out a phrase in front of its statement: "for people over 65, …".
fn has_lost_scope(alignment: &Alignment<'_>) -> bool {
    let tokens = &alignment.unit.tokens;
    let mut statement = None;
    tokens.iter().any(|first| {
        let opens = statement != Some(first.statement) && first.governor.is_some();
        statement = Some(first.statement);
        let mut own = tokens.iter().enumerate();
        opens
            && !is_aside(first)
            && alignment.touches(first.statement)
            && own.all(|(place, token)| token.clause != first.clause || !alignment.takes(place))
            && !is_asked(alignment, Some(first))
    })
}

/// Whether a word stands in front of statements without limiting them: "in addition, …".
fn is_aside(token: &Token) -> bool {
    spoken().claims.asides.contains(&token.stem)
}

/// A preposition binds a word otherwise than in the unit.
fn bound_otherwise(alignment: &Alignment<'_>) -> Option<Reason> {
    let claims = &spoken().claims;
    let (claim, unit) = (alignment.claim, alignment.unit);
    let turned = is_turned(alignment);
    let binds = |sense: &str| claims.binding.contains(sense) && !(sense == claims.by && turned);
    let mut pairs = alignment.pairs();
    // "In one day" and "a day" are one rate.
    let mut pairs = pairs.by_ref().filter(|(token, _, _)| !is_period(token));
    let differs = pairs.any(|(token, other, _)| match (token.governor, other.governor) {
        (Some((mine, _)), Some((its, _))) => mine != its,
        (Some((sense, _)), None) | (None, Some((sense, _))) => binds(sense),
        (None, None) => false,
    });
    let all_of = |statement: &Statement, word: &str| {
        let all = statement.prepositions.iter();
        all.filter(|other| **other == word).count()
    };
    // "In the stools" became "stools in the": the preposition is still there, but binds another word.
    let displaced = alignment.pairs().any(|(token, other, _)| {
        let its = other.governor.filter(|_| token.governor.is_none());
        its.is_some_and(|(_, word)| all_of(claim, word) >= all_of(unit, word))
    });
    let count = |statement: &Statement, sense: &str| {
        let all = statement.bonds.iter();
        all.filter(|other| **other == sense).count()
    };
    let more =
        alignment.claim.bonds.iter().any(|sense| {
            binds(sense) && count(alignment.claim, sense) > count(alignment.unit, sense)
        });
    (differs || displaced || more).then_some(Reason::Relation)
}

/// Whether one of the two is the passive of the other.
fn is_turned(alignment: &Alignment<'_>) -> bool {
    let by = spoken().claims.by;
    alignment.claim.bonds.contains(&by) != alignment.unit.bonds.contains(&by)
}

type Pair<'a> = (&'a Token, &'a Token, usize);

/// Words changed places where no clause, phrase or member of a list did.
fn ordered_otherwise(alignment: &Alignment<'_>) -> Option<Reason> {
    let pairs: Vec<Pair<'_>> = alignment.pairs().collect();
    let turned = is_turned(alignment);
    let mut turns = 0;
    for window in pairs.windows(2) {
        let [(one, one_its, before), (two, two_its, after)] = window else {
            continue;
        };
        if after >= before {
            // "A birth bladder of the defect": a new compound.
            let apart = one_its.phrase != two_its.phrase && !two_its.is_listed;
            let beside = two.at == one.at + 1 && two.is_adjacent;
            if beside && apart && *after > before + 1 {
                return Some(Reason::Relation);
            }
            continue;
        }
        if one.is_number && two.is_number {
            return Some(Reason::Number);
        }
        let listed = two.is_listed && (one_its.is_listed || two_its.is_listed);
        let bound = two.governor.is_some() && two.governor == two_its.governor;
        let moved = two.is_movable && ((two.begins && two_its.begins) || bound);
        let adverb = before - after <= NEAR && (is_adverb(one) || is_adverb(two));
        if !(listed || moved || adverb) {
            turns += 1;
        }
    }
    (turned != (turns > 0)).then_some(Reason::Relation)
}

fn is_period(token: &Token) -> bool {
    spoken().claims.periods.contains(&token.stem)
}

fn is_adverb(token: &Token) -> bool {
    let claims = &spoken().claims;
    (token.word.ends_with("ly") && !claims.no_adverbs.contains(&token.word)) || is_period(token)
}

/// The unit only reports or doubts what the claim states.
fn framed_otherwise(alignment: &Alignment<'_>) -> Option<Reason> {
    let tokens = &alignment.unit.tokens;
    let doubted = tokens.iter().enumerate().any(|(place, token)| {
        spoken().claims.doubts.contains(&token.stem) && !alignment.takes(place)
    });
    let reported = alignment.unit.reported.iter().any(|that| {
        let statement = tokens.get(*that).map(|token| token.statement);
        let own = |place: &usize| tokens.get(*place).map(|token| token.statement) == statement;
        let told = |place: &usize| tokens.get(*place).is_some_and(|token| !is_discourse(token));
        let before: Vec<usize> = (0..*that).filter(own).filter(told).collect();
        let mut behind = (*that..tokens.len()).filter(own);
        !before.is_empty()
            && !before.iter().any(|place| alignment.takes(*place))
            && behind.any(|place| alignment.takes(place))
    });
    (doubted || reported).then_some(Reason::Framing)
}

/// A clause lost the word that it begins with: its subject, or the verb of an order.
fn beheaded(alignment: &Alignment<'_>) -> Option<Reason> {
    let tokens = alignment.unit.tokens.iter().enumerate();
    let mut heads = tokens.filter(|(place, head)| head.begins && alignment.leaves_out(*place));
    let lost = heads.any(|(_, head)| {
        let known = holds(alignment.around.above, &head.stem);
        let mut pairs = alignment.pairs();
        pairs.any(|(token, other, _)| other.clause == head.clause && !(token.points && known))
    });
    (lost || has_other_noun(alignment)).then_some(Reason::Relation)
}

/// Whether the claim keeps the first word of a subject and leaves out or adds the noun to which it
/// belongs.
fn has_other_noun(alignment: &Alignment<'_>) -> bool {
    let left_out = |place: usize| !alignment.takes(place);
    let added = |at: usize| alignment.place(at).is_none();
    changes_noun(&alignment.unit.tokens, &left_out) || changes_noun(&alignment.claim.tokens, &added)
}

/// Whether the last word of a subject differs, though another one of its words agrees.
fn changes_noun(tokens: &[Token], differs: &dyn Fn(usize) -> bool) -> bool {
    let mut agrees = false;
    tokens.iter().enumerate().any(|(place, token)| {
        agrees = (agrees && token.is_adjacent) || !differs(place);
        let ends = tokens.get(place + 1).is_none_or(|next| !next.is_adjacent);
        let says_little = token.is_number || is_discourse(token) || is_adverb(token);
        token.in_subject && agrees && ends && differs(place) && !says_little
    })
}
