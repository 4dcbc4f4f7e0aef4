//! What a piece of text says, as far as words can tell.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::quantity::{Quantities, in_figures, pieces};
use crate::domain::text;
use crate::domain::words::content_words;
use crate::orchestrator::gate::share;

/// A sentence word for word.
const VERBATIM: f32 = 2.0;
/// Sentences with fewer content words say too little to be supported, unless word for word.
const MIN_WORDS: usize = 2;

/// Words that deny what follows.
const NEGATIONS: &str = "not no never without nor neither none nobody nothing";
/// Words that deny what they are about. Not the same as a "not": "do not stop" is the opposite of
/// "stop", and "stop and call us" does not say "do not call us".
const REFUSALS: &str = "avoid avoids avoided avoiding stop stops stopped stopping refrain skip \
    skips skipped skipping forbidden prohibited unable unsafe unsuitable";
/// Words that take something out of what is said.
const EXCEPTIONS: &str = "unless except excluding";
const CONDITIONS: &str = "if when while during";

/// Choices, each with its sides, each side with the words that take it. A claim must not take a side
/// if its quote takes only others. Many of these words say nothing about a topic ("before", "more"),
/// and any is but one among those that are counted, so that the rest would outvote it. Only what
/// makes advice wrong belongs here.
const CHOICES: &[&[&str]] = &[
    &["before until", "after"],
    &["left", "right"],
    &["more over above", "less fewer under below"],
    &["maximum", "minimum"],
    &["high", "low"],
    &["higher", "lower"],
    &["older", "younger"],
    &[
        "morning",
        "noon midday lunchtime",
        "afternoon",
        "evening night bedtime",
    ],
    &["breakfast", "lunch", "dinner supper"],
    &[
        "increase increases increased increasing raise raises raising",
        "decrease decreases decreased decreasing reduce reduces reduced reducing lowers lowering",
    ],
    &["hot warm", "cold cool"],
    &["wet", "dry"],
    &["open", "closed shut"],
    &["safe", "dangerous harmful"],
    &["adult adults", "child children baby babies infant infants"],
];

/// What a word of [`CHOICES`] chooses: the index of the choice and that of the side.
static SIDES: LazyLock<HashMap<&str, (usize, usize)>> = LazyLock::new(|| {
    let choices = CHOICES.iter().enumerate();
    choices
        .flat_map(|(choice, sides)| {
            let sides = sides.iter().enumerate();
            sides.flat_map(move |(side, words)| {
                let words = words.split(' ');
                words.map(move |word| (word, (choice, side)))
            })
        })
        .collect()
});

/// Whether a text denies: a claim and its quote must agree in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Polarity {
    negated: bool,
    refusing: bool,
}

/// What a piece of text says.
pub(super) struct Claim {
    /// White space made equal, letters lower.
    plain: String,
    words: HashSet<String>,
    quantities: Quantities,
    pub polarity: Polarity,
    excepting: bool,
    conditional: bool,
    sides: BTreeSet<(usize, usize)>,
}

impl Claim {
    pub fn of(text: &str) -> Self {
        let plain = plain(text);
        let text = in_figures(&spelled_out(&plain));
        let said: HashSet<&str> = pieces(&text).into_iter().map(|(word, _)| word).collect();
        let says = |words: &str| words.split(' ').any(|word| said.contains(word));
        Self {
            // "Once a day" and "daily" are the same words.
            words: content_words(&text.replace("1 time a ", "a ")).collect(),
            quantities: Quantities::of(&text),
            polarity: Polarity {
                negated: says(NEGATIONS),
                refusing: says(REFUSALS),
            },
            excepting: says(EXCEPTIONS),
            conditional: says(CONDITIONS),
            sides: said
                .iter()
                .filter_map(|word| SIDES.get(word))
                .copied()
                .collect(),
            plain,
        }
    }

    /// How well the quote covers this sentence; `None` if something contradicts or is missing.
    pub fn covered_by(&self, quote: &Self) -> Option<f32> {
        if self.words.is_empty() {
            return None;
        }
        if self.plain == quote.plain {
            return Some(VERBATIM);
        }
        let names = |word: &&String| {
            word.starts_with(char::is_alphabetic) && word.contains(|c: char| c.is_ascii_digit())
        };
        let supported = self.words.len() >= MIN_WORDS
            && self.polarity == quote.polarity
            && self.excepts_as(quote)
            && self.chooses_as(quote)
            && self
                .words
                .iter()
                .filter(names)
                .all(|word| quote.words.contains(word))
            && self.quantities.are_in(&quote.quantities);
        supported.then(|| {
            share(
                self.words.intersection(&quote.words).count(),
                self.words.len(),
            )
        })
    }

    /// An exception may be left out only of what forbids: to forbid too much is the safe side.
    fn excepts_as(&self, quote: &Self) -> bool {
        match (self.excepting, quote.excepting) {
            (false, true) => self.polarity.negated && !self.conditional,
            (mine, its) => mine == its,
        }
    }

    fn chooses_as(&self, quote: &Self) -> bool {
        self.sides.iter().all(|(choice, side)| {
            quote.sides.contains(&(*choice, *side))
                || quote.sides.iter().all(|(other, _)| other != choice)
        })
    }
}

/// A bullet is no part of a sentence.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text::without_bullet(text).split_whitespace().collect();
    words.join(" ").to_lowercase().replace('’', "'")
}

/// Contractions and phrases as the words they stand for.
fn spelled_out(plain: &str) -> String {
    [
        ("can't", "can not"),
        ("cannot", "can not"),
        ("won't", "will not"),
        ("n't", " not"),
        ("at least", "minimum"),
        ("at most", "maximum"),
    ]
    .into_iter()
    .fold(plain.to_owned(), |text, (short, long)| {
        text.replace(short, long)
    })
}
