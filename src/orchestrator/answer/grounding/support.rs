//! Finds the units that support a sentence.
//!
//! A sentence is compared with one unit at a time. A sentence that joins several units is supported
//! if units of one passage support each of its parts. A part that only adds figures does not count
//! as a part, because a figure of the next row would support it.

use crate::language::lists::Set;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::claim::{Claim, plain};
use super::gist::Gist;
use super::known;
use super::parts::{Part, has_digit, is_denied, joined, lacks_subject, parts};
use super::reason::Reason;
use super::units::{Frame, Kind, Span, Unit, units_of};
use super::verdict::{Asserted, Evidence};
use super::vocabulary::meaningful;
use crate::domain::evidence::{Citation, ContextKind, ContextLine, Source};
use crate::domain::text;
use crate::orchestrator::answer::governed::{Governed, is_above, outside};

/// The most parts into which a sentence is cut.
const MAX_PARTS: usize = 6;
/// The fewest words of a part, besides figures.
const MIN_WORDS: usize = 2;
struct Quote {
    /// The index of its source.
    source: usize,
    unit: Unit,
    /// Prepared when the first sentence asks for it: most sentences name their passage.
    evidence: OnceLock<Evidence>,
}

/// The passages, cut into possible quotes.
pub(super) struct Support {
    sources: Vec<Source>,
    quotes: Vec<Quote>,
    /// The words of the question; a condition that it names need not be repeated.
    question: Set<String>,
}

/// The support of a sentence.
pub(super) struct Found {
    /// The citations; their offsets into the answer are still 0.
    pub citations: Vec<Citation>,
    /// The lines above a list item, a row or a section in the passage.
    pub frames: Vec<Citation>,
}

impl Support {
    pub fn new(question: &str, passages: &[Governed]) -> Self {
        let mut sources = Vec::new();
        let mut quotes = Vec::new();
        for governed in passages {
            let (passage, own) = (&governed.0, sources.len());
            sources.push(passage.clone());
            let above = lines_outside(governed, &mut sources, &mut quotes);
            let mut units = units_of(passage, above);
            if let Some(lines) = &governed.1 {
                let index = |line: &ContextLine| {
                    let at = outside(governed).position(|other| other == line)?;
                    Some(own + 1 + at)
                };
                known::correct(&mut units, passage, lines, index);
            }
            quotes.extend(units.into_iter().map(|unit| Quote::of(own, unit)));
        }
        Self {
            sources,
            quotes,
            question: meaningful(&question.to_lowercase()).collect(),
        }
    }

    /// Returns the best quote of each marked passage that supports the sentence, or else the best
    /// of all.
    pub fn find(&self, asserted: &Asserted, marked: &BTreeSet<i32>) -> Result<Found, Reason> {
        let among = |number: Option<i32>| {
            move |quote: &&Quote| number.is_none_or(|number| self.number(quote) == Some(number))
        };
        let mut quotes: Vec<&Quote> = marked
            .iter()
            .filter_map(|number| self.best(asserted, among(Some(*number))).ok())
            .collect();
        if quotes.is_empty() {
            match self.best(asserted, among(None)) {
                Ok(quote) => quotes.push(quote),
                Err(reason) => {
                    quotes = match self.best_parts(asserted, marked) {
                        Some(quotes) => quotes,
                        None => match self.restated(asserted, marked) {
                            Ok(quote) => vec![quote],
                            // A sentence in words of its own differs in more than its words.
                            Err(other) if reason == Reason::Unrelated => return Err(other),
                            Err(_) => return Err(reason),
                        },
                    };
                }
            }
        }
        let cite = |(source, span)| self.citation(source, span);
        let mut spans: Vec<(usize, Span)> = Vec::new();
        let mut frames: Vec<(usize, Span)> = Vec::new();
        for quote in &quotes {
            let place = (quote.source, quote.unit.span);
            if !spans.contains(&place) {
                spans.push(place);
            }
            let unit = &quote.unit;
            let frame: Option<&Frame> = unit.lead.as_ref().or(unit.header.as_ref());
            frames.extend(
                frame
                    .or(unit.heading.as_ref())
                    .map(|frame| (frame.outside.unwrap_or(quote.source), frame.span)),
            );
        }
        Ok(Found {
            citations: spans.into_iter().filter_map(cite).collect(),
            frames: frames.into_iter().take(1).filter_map(cite).collect(),
        })
    }

    /// Returns the place of these exact words in the passages: marked passages first, whole units
    /// before parts.
    pub fn place(&self, said: &str, marked: &BTreeSet<i32>) -> Option<Citation> {
        let own = plain(said);
        let is_marked = |quote: &&Quote| {
            let number = self.number(quote);
            number.is_some_and(|number| marked.contains(&number))
        };
        let same = |quote: &&Quote| self.evidence(quote).has_words(&own);
        let mut quotes = self.quotes.iter().filter(same);
        let unit = quotes.clone().find(is_marked).or_else(|| quotes.next());
        if let Some(quote) = unit {
            return self.citation(quote.source, quote.unit.span);
        }
        let sources = self.sources.iter().enumerate();
        let (marked, others): (Vec<_>, Vec<_>) =
            sources.partition(|(_, source)| marked.contains(&source.id));
        let mut sources = marked.into_iter().chain(others);
        sources.find_map(|(index, source)| {
            let (before, _) = source.text.split_once(said)?;
            let start = before.chars().count();
            let end = start + said.chars().count();
            self.citation(index, Span { start, end })
        })
    }

    /// Returns the text of a source, in which to look up what a sentence must not invent.
    pub fn text(&self, number: i32) -> Option<&str> {
        let mut sources = self.sources.iter();
        sources
            .find(|source| source.id == number)
            .map(|source| source.text.as_str())
    }

    fn evidence<'a>(&'a self, quote: &'a Quote) -> &'a Evidence {
        quote.evidence.get_or_init(|| {
            let source = self.sources.get(quote.source);
            Evidence::of(&quote.unit, source.map_or("", |source| &source.title))
        })
    }

    fn number(&self, quote: &Quote) -> Option<i32> {
        self.sources.get(quote.source).map(|source| source.id)
    }

    fn best(&self, asserted: &Asserted, among: impl Fn(&&Quote) -> bool) -> Result<&Quote, Reason> {
        let mut best: Option<(f32, &Quote)> = None;
        // The reason of the quote that holds most of the sentence.
        let mut nearest = (0.0, Reason::Unrelated);
        for quote in self.quotes.iter().filter(among) {
            match self.evidence(quote).judge(asserted, &self.question) {
                // Keeps the best quote; among equals the shortest, and among those the first.
                Ok(share) => {
                    let better = best.is_none_or(|(other, known)| {
                        share > other || (share >= other && quote.length() < known.length())
                    });
                    if better {
                        best = Some((share, quote));
                    }
                }
                Err(Reason::Unrelated) => {}
                Err(reason) => {
                    let share = self.evidence(quote).share(asserted);
                    if share >= nearest.0 {
                        nearest = (share, reason);
                    }
                }
            }
        }
        best.map(|(_, quote)| quote).ok_or(nearest.1)
    }

    /// Returns the quote that says the sentence in other words: of a marked passage, or else of all.
    fn restated(&self, asserted: &Asserted, marked: &BTreeSet<i32>) -> Result<&Quote, Reason> {
        let gist = Gist::of(&asserted.claim.plain);
        let quotes = self.quotes.iter();
        let near: Vec<&Quote> = quotes
            .filter(|quote| self.evidence(quote).may_say(&gist))
            .collect();
        let ordered = self.best_restating(asserted, &gist, (&near, marked), false);
        if ordered.is_ok()
            || near
                .iter()
                .any(|quote| self.evidence(quote).is_copied_by(&gist))
        {
            return ordered;
        }
        self.best_restating(asserted, &gist, (&near, marked), true)
    }

    fn best_restating<'a>(
        &self,
        asserted: &Asserted,
        gist: &Gist,
        (near, marked): (&[&'a Quote], &BTreeSet<i32>),
        may_move: bool,
    ) -> Result<&'a Quote, Reason> {
        let mut best: Option<(bool, usize, &'a Quote)> = None;
        let mut nearest = (0, Reason::Unrelated);
        // Units that say the opposite of many of its words speak of the same.
        let mut denied: Vec<(usize, usize)> = Vec::new();
        for quote in near.iter().copied() {
            let number = self.number(quote);
            let is_marked = number.is_some_and(|number| marked.contains(&number));
            let evidence = self.evidence(quote);
            match evidence.restates(asserted, gist, &self.question, may_move) {
                Ok(held) if best.is_none_or(|(also, than, _)| (is_marked, held) > (also, than)) => {
                    best = Some((is_marked, held, quote));
                }
                Ok(_) => {}
                Err((held, reason)) => {
                    if reason == Reason::Opposite {
                        denied.push((quote.source, held));
                    }
                    if held > nearest.0 && reason != Reason::Unrelated {
                        nearest = (held, reason);
                    }
                }
            }
        }
        let (_, held, quote) = best.ok_or(nearest.1)?;
        let mut denied = denied.iter();
        let is_denied = denied.any(|(source, as_many)| *source == quote.source && *as_many >= held);
        if is_denied {
            Err(Reason::Opposite)
        } else {
            Ok(quote)
        }
    }

    /// Returns the quotes of a sentence's parts, all from one passage.
    fn best_parts(&self, asserted: &Asserted, marked: &BTreeSet<i32>) -> Option<Vec<&Quote>> {
        let numbers = self.sources.iter().map(|source| source.id);
        let (first, others): (Vec<i32>, Vec<i32>) =
            numbers.partition(|number| marked.contains(number));
        let numbers: Vec<i32> = first.into_iter().chain(others).collect();
        // First the joints of whole statements, then all of them.
        [true, false].into_iter().find_map(|whole| {
            let parts = parts(&asserted.own, whole);
            if !(2..=MAX_PARTS).contains(&parts.len()) {
                return None;
            }
            let mut numbers = numbers.iter();
            numbers.find_map(|number| self.cover(asserted, &parts, *number))
        })
    }

    /// Covers the parts from the first on, each as long as possible.
    fn cover(&self, whole: &Asserted, parts: &[Part<'_>], number: i32) -> Option<Vec<&Quote>> {
        let mut quotes: Vec<&Quote> = Vec::new();
        let mut from = 0;
        while from < parts.len() {
            let (to, quote) = (from + 1..=parts.len()).rev().find_map(|to| {
                let part = joined(parts.get(from..to)?)?;
                let mut claim = Claim::of(&format!("{} {part}", whole.lead));
                if is_denied(parts, from) {
                    claim.statement.deny();
                }
                if claim.core().filter(|word| !has_digit(word)).count() < MIN_WORDS {
                    return None;
                }
                let (lead, frame) = (whole.lead.clone(), whole.frame.clone());
                let asserted = Asserted::of(claim, part, lead, frame);
                let in_source = |quote: &&Quote| self.number(quote) == Some(number);
                let quote = self.best(&asserted, in_source).ok()?;
                let other = quotes
                    .last()
                    .is_some_and(|last| !std::ptr::eq(*last, quote));
                // The subject of the part before is not that of another unit.
                let is_whole = !other || !lacks_subject(&asserted.own);
                is_whole.then_some((to, quote))
            })?;
            quotes.push(quote);
            from = to;
        }
        Some(quotes)
    }

    fn citation(&self, source: usize, span: Span) -> Option<Citation> {
        let source = self.sources.get(source)?;
        Some(Citation {
            source_id: source.id,
            document_id: source.document_id,
            version_id: source.version_id,
            quote: text::slice_chars(&source.text, span.start, span.end)?.to_owned(),
            start: source.start + i32::try_from(span.start).ok()?,
            end: source.start + i32::try_from(span.end).ok()?,
            answer_start: 0,
            answer_end: 0,
        })
    }
}

/// Turns the lines outside a passage that govern it into sources under its number. They can be
/// quoted, but support nothing. Returns the lines above the beginning of the passage.
fn lines_outside(
    governed: &Governed,
    sources: &mut Vec<Source>,
    quotes: &mut Vec<Quote>,
) -> Vec<(ContextKind, Frame)> {
    let (passage, _) = governed;
    let mut above = Vec::new();
    for line in outside(governed) {
        let index = sources.len();
        let source = Source {
            start: line.start,
            end: line.end,
            text: line.text.clone(),
            ..passage.clone()
        };
        quotes.extend(units_of(&source, Vec::new()).into_iter().map(|unit| {
            let unit = Unit {
                kind: Kind::Frame,
                ..unit
            };
            Quote::of(index, unit)
        }));
        if is_above(line, passage) {
            let frame = Frame {
                outside: Some(index),
                span: Span {
                    start: 0,
                    end: line.text.chars().count(),
                },
                text: line.text.clone(),
            };
            above.push((line.kind, frame));
        }
        sources.push(source);
    }
    above
}

impl Quote {
    fn of(source: usize, unit: Unit) -> Self {
        Self {
            source,
            unit,
            evidence: OnceLock::new(),
        }
    }

    fn length(&self) -> usize {
        self.unit.span.end - self.unit.span.start
    }
}
