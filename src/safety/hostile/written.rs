//! Hostile text that is written openly: the model reads every sentence, alone and together with the
//! ones before it.

use super::concepts::concepts;
use super::features::Read;
use super::finding::{Finding, Kind, MAX_FINDINGS};
use super::fold::Placed;
use super::model::{HEADS, Weights};
use super::pieces::Piece;

/// The most characters that are read together.
const MAX_WINDOW: usize = 500;
/// The most lines that are read together, if a sentence wraps.
const MAX_LINES: usize = 3;
/// The log odds from which a text is hostile.
const THRESHOLD: f32 = 0.0;
/// How much higher they must be for sentences that are read together: more words, more chance. The
/// lines of a sentence that wraps are one sentence.
const TOGETHER: f32 = 1.0;
/// How much higher, for each time that a text is e times as long: of many benign sentences one is
/// always the oddest.
const LENGTH: f32 = 0.3;

/// Reads the sentences of a text in their order.
pub(super) struct Reader<'a> {
    weights: &'a Weights,
    /// How much surer than for a single sentence each finding must be.
    surer: f32,
    /// The last sentences that are not part of a finding.
    recent: Vec<Seen>,
    found: Vec<Finding>,
}

struct Seen {
    read: Read,
    start: usize,
    /// Whether the sentence goes on in the next line.
    wraps: bool,
}

impl<'a> Reader<'a> {
    /// Creates a reader of a text with so many sentences.
    pub fn new(weights: &'a Weights, sentences: usize) -> Self {
        let sentences = u16::try_from(sentences.max(1)).unwrap_or(u16::MAX);
        Self {
            weights,
            surer: LENGTH * f32::from(sentences).ln(),
            recent: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Reads the next sentence.
    pub fn take(&mut self, piece: &Piece<'_>, folded: &[Placed]) {
        if self.recent.len() == MAX_LINES {
            self.recent.remove(0);
        }
        let text = piece.text.trim_end();
        self.recent.push(Seen {
            read: Read::new(folded),
            start: piece.start,
            wraps: !text.ends_with(|c: char| c.is_ascii_punctuation()),
        });
        let Some((kind, start)) = self.judge(piece.end) else {
            return;
        };
        self.recent.clear();
        let known = self.found.iter().filter(|found| found.kind == kind).count();
        if known < MAX_FINDINGS {
            let end = piece.end;
            self.found.push(Finding { kind, start, end });
        }
    }

    /// Returns what was found.
    pub fn finish(self) -> Vec<Finding> {
        self.found
    }

    /// Judges the last sentence, alone first and then with those before it.
    fn judge(&self, end: usize) -> Option<(Kind, usize)> {
        (1..=self.recent.len()).find_map(|count| {
            let window = self.recent.get(self.recent.len() - count..)?;
            let start = window.first()?.start;
            let wraps = window.iter().rev().skip(1).all(|seen| seen.wraps);
            let is_near = count == 1 || end - start <= MAX_WINDOW;
            if !is_near || (count > 2 && !wraps) {
                return None;
            }
            let read = window.iter().map(|seen| &seen.read);
            let together = if wraps { 0.0 } else { TOGETHER };
            Some((judge(self.surer + together, read, self.weights)?, start))
        })
    }
}

/// Returns the kind of hostile text that sentences are, if their log odds are this much higher than
/// they must be.
pub(super) fn judge<'a>(
    surer: f32,
    read: impl Iterator<Item = &'a Read> + Clone,
    weights: &Weights,
) -> Option<Kind> {
    if !is_worth(read.clone()) {
        return None;
    }
    let scores = HEADS.into_iter().zip(weights.score(read));
    let best = scores.max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.filter(|(_, score)| *score > THRESHOLD + surer)
        .map(|(kind, _)| kind)
}

/// Whether a look at the features is worth its time: there are two telling concepts, or one and a
/// telling form. Without them nothing is hostile.
fn is_worth<'a>(mut read: impl Iterator<Item = &'a Read> + Clone) -> bool {
    let common = concepts().common;
    let all = read.clone().fold(0, |bits, read| bits | read.concepts);
    let telling = (all & !common).count_ones();
    telling >= 2 || (telling == 1 && (all & common != 0 || read.any(Read::is_marked)))
}
