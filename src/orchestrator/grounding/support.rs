//! Which quote supports a sentence.
//!
//! A quote supports a sentence if it holds enough of the sentence's content words, every number
//! with its unit, in words or figures, every name with digits ("B12"), and has the same polarity,
//! exceptions and sides ("before" or "after"). A quote of two sentences counts only if both have
//! that polarity; otherwise the "not" of one would vouch for the words of the other.

use std::collections::BTreeSet;

use super::claim::Claim;
use crate::domain::evidence::{Citation, Source};
use crate::domain::text;

/// Share of a sentence's content words that the quote must hold, if the model named the passage.
const MARKED_COVERAGE: f32 = 0.6;
/// The same if it did not.
pub(super) const UNMARKED_COVERAGE: f32 = 0.65;

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
        .filter(|(a, b)| a.claim.polarity == b.claim.polarity)
        .filter_map(|(a, b)| quote(a.start, b.end))
        .collect();
    single.into_iter().chain(pairs).collect()
}
