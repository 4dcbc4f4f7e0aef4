//! Which quote supports a sentence.
//!
//! A quote supports a sentence if it holds enough of the sentence's content words, every number
//! with its unit, every name with digits ("B12"), and has the same polarity. A quote of two
//! sentences counts only if both have that polarity; otherwise the "not" of one would vouch for
//! the words of the other.

use std::collections::{BTreeSet, HashSet};

use crate::domain::evidence::{Citation, Source};
use crate::domain::text;
use crate::domain::words::content_words;
use crate::orchestrator::gate::share;

/// Share of a sentence's content words that the quote must hold, if the model named the passage.
const MARKED_COVERAGE: f32 = 0.6;
/// The same if it did not.
const UNMARKED_COVERAGE: f32 = 0.65;
/// A sentence word for word.
const VERBATIM: f32 = 2.0;
/// Sentences with fewer content words say too little to be supported, unless word for word.
const MIN_WORDS: usize = 2;

const NEGATIONS: [&str; 9] = [
    "not", "no", "never", "without", "nor", "neither", "none", "nobody", "nothing",
];

/// Units that must not be exchanged; plurals lose their `s` first.
const UNITS: [&str; 36] = [
    "mg", "mcg", "µg", "μg", "g", "kg", "ml", "l", "dl", "iu", "unit", "mmol", "cm", "mm", "m",
    "%", "percent", "°", "c", "f", "second", "minute", "min", "hour", "day", "week", "month",
    "year", "am", "pm", "time", "tablet", "pill", "dose", "drop", "puff",
];

/// What a piece of text says, as far as words can tell.
struct Claim {
    /// White space made equal, letters lower.
    plain: String,
    words: HashSet<String>,
    quantities: HashSet<(String, Option<String>)>,
    negated: bool,
}

impl Claim {
    fn of(text: &str) -> Self {
        let plain = plain(text);
        let spelled = spelled_out(&plain);
        Self {
            words: content_words(&spelled).collect(),
            quantities: quantities(&plain),
            negated: spelled
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| NEGATIONS.contains(&word)),
            plain,
        }
    }

    /// How well the quote covers this sentence; `None` if something contradicts or is missing.
    fn covered_by(&self, quote: &Self) -> Option<f32> {
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
            && self.negated == quote.negated
            && self
                .words
                .iter()
                .filter(names)
                .all(|word| quote.words.contains(word))
            && self
                .quantities
                .iter()
                .all(|quantity| quote.states(quantity));
        supported.then(|| {
            share(
                self.words.intersection(&quote.words).count(),
                self.words.len(),
            )
        })
    }

    fn states(&self, (number, unit): &(String, Option<String>)) -> bool {
        self.quantities
            .iter()
            .any(|(stated, with)| stated == number && (unit.is_none() || with == unit))
    }
}

struct Quote {
    /// Index of its source.
    source: usize,
    /// Character offsets into the source's text.
    start: usize,
    end: usize,
    claim: Claim,
}

/// The passages, cut into possible quotes.
pub(super) struct Support {
    sources: Vec<Source>,
    quotes: Vec<Quote>,
}

impl Support {
    pub fn new(sources: Vec<Source>) -> Self {
        let quotes = sources
            .iter()
            .enumerate()
            .flat_map(|(index, source)| quotes_of(index, source))
            .collect();
        Self { sources, quotes }
    }

    /// The best quote of each marked passage or, without markers, of all passages; the offsets
    /// into the answer are left 0.
    pub fn find(&self, sentence: &str, marked: &BTreeSet<i32>) -> Vec<Citation> {
        let claim = Claim::of(sentence);
        if marked.is_empty() {
            return self
                .best(&claim, UNMARKED_COVERAGE, |_| true)
                .into_iter()
                .collect();
        }
        marked
            .iter()
            .filter_map(|number| self.best(&claim, MARKED_COVERAGE, |source| source.id == *number))
            .collect()
    }

    fn best(&self, claim: &Claim, least: f32, among: impl Fn(&Source) -> bool) -> Option<Citation> {
        let (_, quote) = self
            .quotes
            .iter()
            .filter(|quote| self.sources.get(quote.source).is_some_and(&among))
            .filter_map(|quote| Some((claim.covered_by(&quote.claim)?, quote)))
            .filter(|(coverage, _)| *coverage >= least)
            // The best, and among equals the shortest, and among those the first.
            .min_by(|(a, x), (b, y)| {
                b.total_cmp(a)
                    .then((x.end - x.start).cmp(&(y.end - y.start)))
            })?;
        let source = self.sources.get(quote.source)?;
        Some(Citation {
            source_id: source.id,
            document_id: source.document_id,
            version_id: source.version_id,
            quote: text::slice_chars(&source.text, quote.start, quote.end)?.to_owned(),
            start: source.start + i32::try_from(quote.start).ok()?,
            end: source.start + i32::try_from(quote.end).ok()?,
            answer_start: 0,
            answer_end: 0,
        })
    }
}

/// Every sentence, and every two adjacent ones of the same polarity.
fn quotes_of(index: usize, source: &Source) -> Vec<Quote> {
    let quote = |start: usize, end: usize| {
        Some(Quote {
            source: index,
            start,
            end,
            claim: Claim::of(text::slice_chars(&source.text, start, end)?),
        })
    };
    let single: Vec<Quote> = text::sentences(&source.text)
        .into_iter()
        .filter_map(|(start, end)| quote(start, end))
        .collect();
    let pairs: Vec<Quote> = single
        .iter()
        .zip(single.iter().skip(1))
        .filter(|(a, b)| a.claim.negated == b.claim.negated)
        .filter_map(|(a, b)| quote(a.start, b.end))
        .collect();
    single.into_iter().chain(pairs).collect()
}

/// A bullet is no part of a sentence.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text::without_bullet(text).split_whitespace().collect();
    words.join(" ").to_lowercase().replace('’', "'")
}

/// Contractions as the words they stand for.
fn spelled_out(plain: &str) -> String {
    [
        ("can't", "can not"),
        ("cannot", "can not"),
        ("won't", "will not"),
        ("n't", " not"),
    ]
    .into_iter()
    .fold(plain.to_owned(), |text, (short, long)| {
        text.replace(short, long)
    })
}

/// The numbers with their units: "2.5 mg", "1,000", "8 pm".
fn quantities(plain: &str) -> HashSet<(String, Option<String>)> {
    let mut found = HashSet::new();
    let mut rest = plain;
    let mut in_word = false;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() && !in_word {
            let (number, after) = split_number(rest);
            found.insert((number, unit_of(after)));
            rest = after;
        } else {
            in_word = c.is_alphanumeric();
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    found
}

/// The number at the beginning, without thousands separators, and what follows it.
fn split_number(text: &str) -> (String, &str) {
    let mut number = String::new();
    let mut rest = text;
    loop {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        number.push_str(rest.strip_suffix(after).unwrap_or(rest));
        let mut next = after.chars();
        let (Some(mark @ ('.' | ',' | ':' | '/')), Some('0'..='9')) = (next.next(), next.next())
        else {
            return (number, after);
        };
        rest = after.get(1..).unwrap_or_default();
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        match mark {
            ',' if digits == 3 => {}
            ',' => number.push('.'),
            mark => number.push(mark),
        }
    }
}

fn unit_of(after: &str) -> Option<String> {
    let after = after.strip_prefix([' ', '-', '\u{a0}']).unwrap_or(after);
    let end = after
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(after.len());
    let word = match after.get(..end) {
        Some("") => after.get(..after.chars().next()?.len_utf8())?,
        word => word?,
    };
    let word = if word.len() > 2 {
        word.trim_end_matches('s')
    } else {
        word
    };
    let unit = if word == "percent" { "%" } else { word };
    UNITS.contains(&unit).then(|| unit.to_owned())
}
