//! A text as the words that a claim is made of: names, the operators before them, the prepositions
//! that bind them and the clauses that hold them.

use super::quantity::pieces;
use super::vocabulary::meaning;
use crate::language::interface::{Facet, Operator};
use crate::language::spoken;

/// The sense of a word that nothing denies.
const AFFIRMED: &str = "";

/// A word with a meaning of its own.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Token {
    pub word: String,
    /// The number of tokens before it.
    pub at: usize,
    /// The stem that represents its meaning.
    pub stem: String,
    pub is_number: bool,
    /// Whether nothing but a space stands between it and the token before it.
    pub is_adjacent: bool,
    /// The sense of the preposition before it, and the preposition.
    pub governor: Option<(&'static str, &'static str)>,
    /// The negation whose reach it is in.
    pub denied: &'static str,
    /// The phrase, up to a preposition.
    pub phrase: usize,
    /// The clause, up to a comma or a joint; and the statement, up to a stronger boundary.
    pub clause: usize,
    pub statement: usize,
    /// Whether it is the first of its clause.
    pub begins: bool,
    /// Whether it is a part of the noun before a verb.
    pub in_subject: bool,
    /// Whether the clause had a pronoun before it, or a word for the reader or the writer.
    pub points: bool,
    pub addresses: bool,
    /// Whether it begins an order: nothing before it in its clause could be a subject.
    pub orders: bool,
    /// Whether something stands before it that lets a phrase change places.
    pub is_movable: bool,
    /// Whether it joins the token before it in a list.
    pub is_listed: bool,
}

/// An operator and the number of tokens before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub operator: Operator,
    pub at: usize,
    pub statement: usize,
    /// Whether "and" or "or" follows at once.
    pub is_joined: bool,
}

/// A text as tokens and operators.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub tokens: Vec<Token>,
    pub operators: Vec<Placed>,
    /// Limiting words, with the number of tokens before them.
    pub limits: Vec<Placed>,
    /// The numbers of tokens before a "that".
    pub reported: Vec<usize>,
    /// The senses of the prepositions that say more than where or whose.
    pub bonds: Vec<&'static str>,
    /// All prepositions.
    pub prepositions: Vec<&'static str>,
}

/// The state of the reader between two words.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Reader {
    statement: Statement,
    governor: Option<(&'static str, &'static str)>,
    /// The number of tokens before the preposition that governs.
    bound_at: usize,
    denied: Option<&'static str>,
    phrase: usize,
    clause: usize,
    current: usize,
    begun: bool,
    adjacent: bool,
    points: bool,
    addresses: bool,
    /// Whether a word of the clause cannot stand before an order.
    opened: bool,
    /// Whether the clause begins with "have" or "be" as an order.
    orders: bool,
    movable: bool,
    listed: bool,
    /// Whether a subordinate clause leads its statement.
    leads: bool,
}

impl Statement {
    /// Reads a lower-case text in figures.
    pub fn of(text: &str) -> Self {
        let mut reader = Reader::default();
        let pieces = figures_joined(text);
        for (at, (word, gap)) in pieces.iter().enumerate() {
            let next = pieces.get(at + 1).map_or("", |(word, _)| word.as_str());
            if !word.is_empty() {
                reader.word(word, next, gap);
            }
            reader.gap(gap, next);
        }
        reader.statement
    }

    /// Returns the senses of its operators and limits.
    pub fn senses(&self) -> impl Iterator<Item = &'static str> {
        let placed = self.operators.iter().chain(&self.limits);
        placed.map(|placed| placed.operator.sense)
    }

    /// Returns the words that deny.
    pub fn denials(&self) -> impl Iterator<Item = &Placed> {
        let placed = self.operators.iter();
        placed.filter(|placed| placed.operator.facet == Facet::Polarity)
    }

    /// Whether it sets a condition.
    pub fn is_conditional(&self) -> bool {
        let mut placed = self.operators.iter();
        placed.any(|placed| placed.operator.facet == Facet::Condition)
    }

    /// Puts everything that is not denied in the reach of a "not" that stands before the text.
    pub fn deny(&mut self) {
        for token in &mut self.tokens {
            if token.denied == AFFIRMED {
                token.denied = spoken().denial.not;
            }
        }
    }
}

impl Reader {
    fn word(&mut self, word: &str, next: &str, gap: &str) {
        let claims = &spoken().claims;
        if word == spoken().denial.no_answer
            && gap.contains(',')
            && self.statement.tokens.is_empty()
        {
            return;
        }
        if claims.limiting.contains(word) {
            self.limit(word, next);
        }
        if claims.subordinate.contains(word) {
            self.leads = self.begins_statement();
            self.end_clause();
            self.denied = None;
            self.movable = true;
        }
        if let Some(operator) = claims.operators.get(word) {
            self.operator(*operator, next);
        }
        if let Some((word, sense)) = claims.prepositions.get_key_value(word) {
            self.preposition(sense, word);
        } else if claims.lists.contains(word) {
            self.end_clause();
            self.movable = true;
            self.listed = true;
        } else if claims.function.contains(word) {
            if word == claims.that {
                self.statement.reported.push(self.statement.tokens.len());
            }
            if claims.auxiliaries.contains(word) {
                self.verb();
            }
            self.orders |= !self.begun && !self.opened && claims.ordering.contains(word);
            self.points |= claims.pronouns.contains(word);
            self.addresses |= claims.addressed.contains(word);
            self.opened |= !claims.before_orders.contains(word);
            if !claims.articles.contains(word) {
                self.governor = None;
            }
        } else if !claims.operators.contains_key(word) {
            self.token(word);
            return;
        }
        self.adjacent = false;
    }

    fn limit(&mut self, word: &str, next: &str) {
        let Some(sense) = spoken().claims.limiting.get(word) else {
            return;
        };
        self.statement.limits.push(Placed {
            operator: Operator {
                facet: Facet::Condition,
                sense,
                may_go: false,
            },
            at: self.statement.tokens.len(),
            statement: self.current,
            is_joined: spoken().claims.lists.contains(next),
        });
    }

    fn operator(&mut self, operator: Operator, next: &str) {
        if operator.facet == Facet::Modality {
            self.verb();
        }
        if operator.facet == Facet::Polarity {
            self.denied = Some(operator.sense);
        }
        self.statement.operators.push(Placed {
            operator,
            at: self.statement.tokens.len(),
            statement: self.current,
            is_joined: spoken().claims.lists.contains(next),
        });
        self.opened |= operator.facet != Facet::Polarity;
        if operator.facet != Facet::Quantifier {
            self.governor = None;
        }
    }

    fn preposition(&mut self, sense: &'static str, word: &'static str) {
        let since_token = self.statement.operators.last();
        let at = self.statement.tokens.len();
        let denied_just_now = since_token
            .is_some_and(|placed| placed.at == at && placed.operator.facet == Facet::Polarity);
        if !denied_just_now {
            self.denied = None;
        }
        // "Than in adults" compares, and "over about 2 months" is a bound.
        let plain = spoken().claims.plain_preposition;
        let binds = self.governor.is_some_and(|(sense, _)| sense != plain);
        if !binds || at != self.bound_at {
            self.governor = Some((sense, word));
        }
        if sense != plain {
            self.statement.bonds.push(sense);
        }
        self.statement.prepositions.push(word);
        self.bound_at = at;
        self.phrase += 1;
        self.movable = true;
        self.opened = true;
    }

    /// A verb follows: the words directly before it are its subject.
    fn verb(&mut self) {
        if !self.adjacent {
            return;
        }
        for token in self.statement.tokens.iter_mut().rev() {
            token.in_subject = true;
            if !token.is_adjacent {
                return;
            }
        }
    }

    fn token(&mut self, word: &str) {
        let last = self.statement.tokens.last();
        let continues = self.adjacent && last.is_some_and(|last| last.is_listed);
        let listed = std::mem::take(&mut self.listed) || continues;
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        self.statement.tokens.push(Token {
            word: word.to_owned(),
            at: self.statement.tokens.len(),
            stem: if is_number {
                word.to_owned()
            } else {
                meaning(word)
            },
            is_number,
            is_adjacent: self.adjacent,
            governor: self.governor,
            denied: self.denied.unwrap_or(AFFIRMED),
            phrase: self.phrase,
            clause: self.clause,
            statement: self.current,
            begins: !self.begun,
            in_subject: false,
            points: self.points,
            addresses: self.addresses,
            orders: !self.begun && (!self.opened || self.orders),
            is_movable: std::mem::take(&mut self.movable),
            is_listed: listed,
        });
        self.begun = true;
        self.adjacent = true;
    }

    fn gap(&mut self, gap: &str, next: &str) {
        let strong = gap.contains(['.', ';', ':', '|', '!', '?', '(', ')', '—', '–'])
            || spoken().phrasing.contrasts.contains(next);
        if strong {
            self.current += 1;
            self.denied = None;
        }
        if strong || gap.contains(',') {
            // A condition in front of its statement ends here, and so does a "not" in it.
            if std::mem::take(&mut self.leads) {
                self.denied = None;
            }
            self.end_clause();
            self.movable = true;
            self.listed |= gap.contains(',');
        }
    }

    fn begins_statement(&self) -> bool {
        let last = self.statement.tokens.last();
        last.is_none_or(|token| token.statement != self.current)
    }

    fn end_clause(&mut self) {
        self.clause += 1;
        self.phrase += 1;
        self.begun = false;
        self.adjacent = false;
        self.points = false;
        self.addresses = false;
        self.opened = false;
        self.orders = false;
        self.governor = None;
    }
}

/// Returns the words with the text behind them; "2.5", "11:00" and "1,000" are one word.
fn figures_joined(text: &str) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    let is_figures = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    for (word, gap) in pieces(text) {
        if let Some((last, between)) = joined.last_mut()
            && is_figures(word)
            && last.ends_with(|c: char| c.is_ascii_digit())
            && matches!(between.as_str(), "." | ":" | ",")
        {
            if between != "," {
                last.push_str(between);
            }
            last.push_str(word);
            gap.clone_into(between);
        } else if word.is_empty()
            && let Some((_, between)) = joined.last_mut()
        {
            between.push_str(gap);
        } else {
            joined.push((word.to_owned(), gap.to_owned()));
        }
    }
    joined
}
