//! A text read for its gist: each expression as the word that stands for it, each word with its
//! senses.

use super::claim::{Claim, plain};
use super::statement::Token;
use super::vocabulary::is_akin;
use crate::language::lexicon::Sense;
use crate::language::lists::{Set, lower_words};
use crate::language::spoken;

/// A text is compared if a glance shows one of so many words.
const LEAST_SEEN: usize = 4;

/// A word of a gist.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub lemma: String,
    /// The senses for which it may stand in a claim, and those that it supports in a passage.
    pub asked: &'static [Sense],
    pub given: &'static [Sense],
    /// The lemmas of an expression that is read as one word.
    parts: &'static [String],
}

/// Whether a passage with these words says each part of the expression.
fn hold_parts(words: &[Word], parts: &[String]) -> bool {
    // "Keep" alone is not enough for "keep taking".
    parts
        .iter()
        .any(|part| !spoken().claims.light.contains(part))
        && parts.iter().all(|part| {
            let part = Word::of_lemma(part.clone());
            words
                .iter()
                .any(|word| part.is(word) || part.may_stand_for(word))
        })
}

impl Word {
    fn of(token: &Token) -> Self {
        let (lexicon, words) = (&spoken().lexicon, &spoken().words);
        Self::of_lemma(lexicon.lemma(&token.word, words))
    }

    fn of_lemma(lemma: String) -> Self {
        let lexicon = &spoken().lexicon;
        Self {
            asked: lexicon.asked(&lemma),
            given: lexicon.given(&lemma),
            parts: lexicon.parts(&lemma),
            lemma,
        }
    }

    /// Whether a passage with the other word says this one in the same form.
    pub fn is(&self, other: &Self) -> bool {
        self.lemma == other.lemma
            || is_akin(&self.lemma, &other.lemma)
            || other.parts.contains(&self.lemma)
    }

    /// Whether it is an expression none of whose words has a meaning of its own.
    pub fn says_nothing(&self) -> bool {
        spoken().lexicon.is_empty(&self.lemma)
    }

    /// Whether this word of a passage says a word of a claim, by itself.
    pub fn says(&self, word: &Self) -> bool {
        // Of an expression, one word alone says less.
        let whole = self.parts.len() < 2 || word.lemma == self.lemma;
        (whole && word.is(self))
            || word.may_stand_for(self)
            || hold_parts(std::slice::from_ref(self), word.parts)
    }

    /// Whether the list of meanings lets this word stand for the other one.
    pub fn may_stand_for(&self, other: &Self) -> bool {
        self.asked.iter().any(|sense| other.given.contains(sense))
    }
}

/// The gist of a text.
#[derive(Clone, Debug)]
pub(super) struct Gist {
    /// The claim that the words read so make.
    pub claim: Claim,
    /// The word of each token of its statement.
    pub words: Vec<Word>,
    index: Around,
    /// The words as they stand in the text.
    pub raw: Vec<String>,
}

impl Gist {
    pub fn of(text: &str) -> Self {
        let plain = spoken().denial.contractions.apply(plain(text));
        let read = spoken().lexicon.read(&plain);
        let claim = Claim::of(&read);
        let words = claim.statement.tokens.iter().map(Word::of).collect();
        let raw = lower_words(text).collect();
        let mut gist = Self {
            claim,
            words,
            index: Around::default(),
            raw,
        };
        let mut index = Around::default();
        index.add(&gist);
        gist.index = index;
        gist
    }

    /// Whether a glance shows enough of another text's words to compare both.
    pub fn may_say(&self, other: &Self) -> bool {
        let words = other.words.iter();
        let seen = words.filter(|word| self.index.show(word)).count();
        seen > 0 && seen * LEAST_SEEN >= other.words.len()
    }

    /// Returns the place of the word that says what causes what, and whether the cause precedes it.
    pub fn cause(&self) -> Option<(usize, bool)> {
        let claims = &spoken().claims;
        let (lexicon, words) = (&spoken().lexicon, &spoken().words);
        let cause = Word::of_lemma(lexicon.lemma(claims.cause, words));
        let tokens = &self.claim.statement.tokens;
        self.tokens().find_map(|(token, word)| {
            let turned = claims.caused.contains(&token.word);
            let next = tokens.get(token.at + 1).and_then(|next| next.governor);
            let by = next.is_some_and(|(sense, _)| sense == claims.by);
            (turned || word.is(&cause)).then_some((token.at, !(turned || by)))
        })
    }

    /// Whether its words say each part of an expression.
    pub fn says_parts_of(&self, word: &Word) -> bool {
        hold_parts(&self.words, word.parts)
    }

    /// Returns the tokens of its statement, each with its word.
    pub fn tokens(&self) -> impl Iterator<Item = (&Token, &Word)> + Clone {
        self.claim.statement.tokens.iter().zip(&self.words)
    }

    /// Whether a token only says what the number before it counts.
    pub fn is_unit(&self, token: &Token) -> bool {
        let from = token.at.saturating_sub(2);
        let before = self.claim.statement.tokens.get(from..token.at);
        let mut before = before.unwrap_or_default().iter();
        before.any(|before| before.is_number)
            && spoken()
                .amounts
                .units
                .contains(token.word.trim_end_matches('s'))
    }
}

/// The words around a text: those of its heading and of its neighbours.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    lemmas: Set<String>,
    given: Set<Sense>,
}

impl Around {
    pub fn add(&mut self, gist: &Gist) {
        for word in &gist.words {
            self.lemmas.insert(word.lemma.clone());
            self.lemmas.extend(word.parts.iter().cloned());
            self.given.extend(word.given);
        }
    }

    /// Whether one of the words says this one, without a look at derived forms.
    fn show(&self, word: &Word) -> bool {
        self.lemmas.contains(&word.lemma)
            || word.asked.iter().any(|sense| self.given.contains(sense))
    }

    /// Whether one of the words says this one.
    pub fn hold(&self, word: &Word) -> bool {
        self.show(word) || self.lemmas.iter().any(|other| is_akin(other, &word.lemma))
    }
}
