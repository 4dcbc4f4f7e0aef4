//! Grounding turns a model's text into the text that a reader gets. It is pure: text in, supported
//! sentences out.
//!
//! No stage knows the next one. [`reasoning`] removes the model's thoughts, [`splitter`] cuts
//! sentences, [`markers`] reads their passage numbers, [`sanitise`] removes markup, [`context`]
//! keeps headings and lead-ins, and [`support`] finds the passages that say the same, or the reason
//! why none does: [`statement`] reads the words of both, [`alignment`] lays them side by side, and
//! [`difference`] names the first thing in which they differ. A sentence that no passage supports is
//! not sent; a heading is sent only with a sentence below it.

mod alignment;
mod basis;
pub mod checker;
mod claim;
mod columns;
mod condition;
mod context;
mod difference;
mod gist;
mod known;
mod leak;
mod marked;
pub mod markers;
mod parts;
mod quantity;
mod reason;
mod reasoning;
mod restated;
mod sanitise;
mod splitter;
mod statement;
mod support;
#[cfg(test)]
mod tests;
mod units;
mod verdict;
mod vocabulary;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::governed::Governed;
use super::marks::Marks;
use crate::domain::evidence::Citation;
use crate::language::lines::is_heading;
use basis::Basis;
pub use basis::Recent;
use claim::{Claim, plain};
use context::{Context, Level, Prefix, declines, is_rule, level_of, row_of, split_prefix};
use leak::Leaks;
pub use leak::Rules;
use marked::Marked;
pub use reason::Reason;
use reasoning::Reasoning;
use splitter::{Piece, Sentence, Splitter};
use support::{Found, Support};
use units::last_clause;
use verdict::Asserted;

/// The result of a piece of the model's text.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// The text goes to the reader once its quotes match the stored text. Without a citation it is
    /// the end of a line, or a heading or lead-in that is followed by a sentence with citations.
    Text(String, Vec<Citation>),
    /// The text goes to nobody.
    Dropped(Reason),
}

/// The author of a text's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// A language model wrote the words, which are judged by what they say.
    Written,
    /// The passages contain the words and were chosen with the lines they depend on, so equal words
    /// are enough.
    Quoted,
}

/// Processes one answer.
pub struct Grounder<'a> {
    words: Words,
    reasoning: Reasoning,
    splitter: Splitter,
    basis: Basis<'a>,
    context: Context,
    /// The number of characters sent so far.
    sent: usize,
    /// The prefix of the line, until a part of the line was sent.
    prefix: Prefix,
    /// The largest break since the last text was sent.
    gap: Gap,
    line: Line,
    /// Whether the end of a line was sent last.
    is_below_line: bool,
    declined: bool,
    leaks: Leaks,
}

/// The state of the current line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    Read,
    /// A part of the line was sent.
    Sent,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    Sentence,
    Line,
    Paragraph,
}

impl<'a> Grounder<'a> {
    /// Creates a grounder over these passages.
    pub fn new(words: Words, question: &str, passages: &[Governed]) -> Self {
        Self::over(words, Arc::new(Support::new(question, passages)))
    }

    /// Creates a grounder of a model's words that cuts the passages when the first sentence comes,
    /// and again after a crowd of other answers.
    pub fn sharing(recent: &'a Recent, question: &'a str, passages: &'a [Governed]) -> Self {
        Self::on(Words::Written, Basis::shared(recent, question, passages))
    }

    /// Creates a grounder over passages that are cut into units already.
    fn over(words: Words, support: Arc<Support>) -> Self {
        Self::on(words, Basis::Own(support))
    }

    fn on(words: Words, basis: Basis<'a>) -> Self {
        Self {
            words,
            reasoning: Reasoning::default(),
            splitter: Splitter::new(),
            basis,
            context: Context::default(),
            sent: 0,
            prefix: Prefix::default(),
            gap: Gap::Sentence,
            line: Line::Empty,
            is_below_line: false,
            declined: false,
            leaks: Leaks::default(),
        }
    }

    /// Goes on after an answer of so many characters, on a line of its own.
    pub fn after(mut self, characters: usize) -> Self {
        self.sent = characters;
        self.gap = Gap::Line;
        self
    }

    /// Drops what gives away the prompt with these marks and rules.
    pub fn guarding(mut self, marks: &Marks, rules: &'static Rules) -> Self {
        self.leaks = Leaks::new(marks, rules);
        self
    }

    /// Processes the next piece of the model's text.
    pub fn push(&mut self, delta: &str) -> Vec<Output> {
        let mut text = String::new();
        match self.words {
            Words::Written => delta
                .chars()
                .for_each(|c| self.reasoning.take(c, &mut text)),
            Words::Quoted => text.push_str(delta),
        }
        self.read(&text)
    }

    /// Handles the end of the model's text, and returns what was held back.
    pub fn finish(&mut self) -> Vec<Output> {
        let mut text = String::new();
        self.reasoning.finish(&mut text);
        let mut outputs = self.read(&text);
        let mut pieces = Vec::new();
        self.splitter.finish(&mut pieces);
        self.take(pieces, &mut outputs);
        let unseen = self.context.end(Level::Heading);
        drop_frames(unseen, &mut outputs);
        if self.reasoning.left_out {
            outputs.push(Output::Dropped(Reason::Reasoning));
        }
        outputs
    }

    /// Whether the model said first of all that the passages do not answer.
    pub fn has_declined(&self) -> bool {
        self.declined
    }

    fn read(&mut self, text: &str) -> Vec<Output> {
        let mut pieces = Vec::new();
        for c in text.chars() {
            self.splitter.take(c, &mut pieces);
        }
        let mut outputs = Vec::new();
        self.take(pieces, &mut outputs);
        outputs
    }

    fn take(&mut self, pieces: Vec<Piece>, outputs: &mut Vec<Output>) {
        for piece in pieces {
            match piece {
                Piece::Sentence(sentence) => self.sentence(&sentence, outputs),
                Piece::Break => {
                    self.end_line(outputs);
                }
                Piece::Overlong => outputs.push(Output::Dropped(Reason::Overlong)),
            }
        }
    }

    /// Sends the end of a line together with the line, so that a reader of lines need not wait for
    /// the next.
    fn end_line(&mut self, outputs: &mut Vec<Output>) {
        let line = std::mem::replace(&mut self.line, Line::Empty);
        let gap = if line == Line::Empty {
            Gap::Paragraph
        } else {
            Gap::Line
        };
        self.gap = self.gap.max(gap);
        if line == Line::Sent {
            self.is_below_line = true;
            self.sent += 1;
            outputs.push(Output::Text("\n".into(), Vec::new()));
        }
    }

    fn sentence(&mut self, sentence: &Sentence, outputs: &mut Vec<Output>) {
        if self.line == Line::Empty {
            self.line = Line::Read;
        }
        if let Some(reason) = self.leaks.find(&sentence.raw) {
            return outputs.push(Output::Dropped(reason));
        }
        if self.declined {
            return outputs.push(Output::Dropped(Reason::Declined));
        }
        match self.words {
            Words::Quoted => self.quoted(sentence, outputs),
            Words::Written => self.written(sentence, outputs),
        }
    }

    /// Shows a line of the passages unchanged.
    fn quoted(&mut self, sentence: &Sentence, outputs: &mut Vec<Output>) {
        self.prefix = Prefix::default();
        let text = Marked::read(&sentence.raw, str::to_owned);
        if sanitise::has_markup(&text.said) {
            return outputs.push(Output::Dropped(Reason::Markup));
        }
        let support = self.basis.support();
        if let Some(citation) = support.place(&text.said, &text.numbers) {
            return self.show(&text, vec![citation], outputs);
        }
        let claim = Claim::of(&text.said);
        let asserted = Asserted::of(claim, plain(&text.said), String::new(), None);
        match support.find(&asserted, &text.numbers) {
            Ok(found) => self.show(&text, found.citations, outputs),
            Err(reason) => outputs.push(Output::Dropped(reason)),
        }
    }

    fn written(&mut self, sentence: &Sentence, outputs: &mut Vec<Output>) {
        let mut raw = sentence.raw.as_str();
        let mut prefix = Prefix::default();
        if sentence.begins_line {
            (prefix, raw) = split_prefix(raw);
        }
        let row = sentence.begins_line.then(|| row_of(raw.trim())).flatten();
        if row.as_deref().is_some_and(is_rule) || is_rule(raw.trim()) {
            return;
        }
        if sentence.begins_line {
            let unseen = self.context.begin(&prefix, row.is_some());
            drop_frames(unseen, outputs);
            self.prefix = prefix.clone();
        }
        let text = Marked::read(row.as_deref().unwrap_or(raw), sanitise::without_markup);
        if text.said.trim().is_empty() {
            return outputs.push(Output::Dropped(Reason::Empty));
        }
        let is_fragment = prefix.is_item || row.is_some();
        let alone = sentence.begins_line && sentence.ends_line;
        if let Some(level) = level_of(&text.said, raw, &prefix, sentence.ends_line) {
            let unseen = self.context.add(level, &text.said, &prefix);
            return drop_frames(unseen, outputs);
        }
        let begins_table = row.is_some() && self.context.begins_table();
        let lead = self.context.lead(is_fragment);
        let lead = last_clause(&lead);
        let claim = Claim::of(&format!("{lead} {}", text.said));
        let own = plain(&text.said);
        let asserted = Asserted::of(claim, own, lead.to_owned(), self.context.frame());
        match self.judge(&asserted, &text) {
            Ok(found) => {
                self.show_above(&found, outputs);
                self.show(&text, found.citations, outputs);
            }
            Err(_) if begins_table => {
                let unseen = self.context.add(Level::Header, &text.said, &prefix);
                drop_frames(unseen, outputs);
            }
            Err(_) if alone && !is_fragment && is_title(&text.said) => {
                let unseen = self.context.add(Level::Heading, &text.said, &prefix);
                drop_frames(unseen, outputs);
            }
            Err(reason) => {
                self.declined |= self.sent == 0 && declines(&text.said);
                outputs.push(Output::Dropped(reason));
            }
        }
    }

    /// Finds the support of a sentence, unless it contains contact data that its passages lack.
    fn judge(&mut self, asserted: &Asserted, text: &Marked) -> Result<Found, Reason> {
        let support = self.basis.support();
        let found = support.find(asserted, &text.numbers)?;
        let numbers = found.citations.iter().map(|citation| citation.source_id);
        let passages: Vec<&str> = numbers.filter_map(|id| support.text(id)).collect();
        let above = self.context.lines.iter().map(|above| above.text.as_str());
        let mut shown = above.chain([text.said.as_str()]);
        if shown.any(|text| sanitise::has_foreign_contact(text, &passages)) {
            return Err(Reason::Contact);
        }
        Ok(found)
    }

    /// Sends the lines above that were waiting for a sentence.
    fn show_above(&mut self, found: &Found, outputs: &mut Vec<Output>) {
        let waiting = self.context.take_unseen();
        let own = std::mem::take(&mut self.prefix);
        for above in waiting {
            self.gap = self.gap.max(Gap::Line);
            self.prefix = above.prefix;
            let text = Marked::read(&above.text, str::to_owned);
            // A line above must repeat what stands above in the passage, or say nothing.
            let says = Claim::of(&above.text).core().next().is_some();
            let cited = match (says, found.frames.is_empty()) {
                (false, _) => Vec::new(),
                (true, false) => found.frames.clone(),
                (true, true) => found.citations.clone(),
            };
            self.show(&text, cited, outputs);
            self.gap = Gap::Line;
        }
        self.prefix = own;
    }

    /// Sends a sentence with its verified markers.
    fn show(&mut self, text: &Marked, citations: Vec<Citation>, outputs: &mut Vec<Output>) {
        let mut shown = match (self.gap, std::mem::take(&mut self.is_below_line)) {
            _ if self.sent == 0 => String::new(),
            (Gap::Sentence, _) => " ".to_owned(),
            (Gap::Line, true) => String::new(),
            (Gap::Line, false) | (Gap::Paragraph, true) => "\n".to_owned(),
            (Gap::Paragraph, false) => "\n\n".to_owned(),
        };
        self.line = Line::Sent;
        shown.push_str(&std::mem::take(&mut self.prefix).shown);
        self.gap = Gap::Sentence;
        let start = self.sent + shown.chars().count();
        let verified: BTreeSet<i32> = citations
            .iter()
            .map(|citation| citation.source_id)
            .collect();
        shown.push_str(&text.with_markers(&verified));
        self.sent += shown.chars().count();
        let (Ok(start), Ok(end)) = (i32::try_from(start), i32::try_from(self.sent)) else {
            return;
        };
        let placed = citations.into_iter().map(|citation| Citation {
            answer_start: start,
            answer_end: end,
            ..citation
        });
        outputs.push(Output::Text(shown, placed.collect()));
    }
}

/// Whether a line looks like a heading, and not like the statement that there is no answer.
fn is_title(said: &str) -> bool {
    said.contains(char::is_alphabetic) && is_heading(said) && !declines(said)
}

fn drop_frames(count: usize, outputs: &mut Vec<Output>) {
    outputs.extend((0..count).map(|_| Output::Dropped(Reason::Frame)));
}
