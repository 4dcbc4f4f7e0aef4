//! Chooses the units that answer the question: the best one, and the lines that belong to it.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use super::question::{Form, Likeness};
use crate::language::lists::spaced;
use crate::language::subject::{Subject, words_by_title};
use crate::language::units::{Extract, Kind, Section, Unit, sections};
use crate::language::{content_words, spoken, topic_words};
use crate::orchestrator::answer::governed::Governed;

/// A question word in the unit itself counts fully; in these places it counts less.
const IN_HEADING: f32 = 0.8;
const IN_NEIGHBOUR: f32 = 0.6;
const IN_TITLE: f32 = 0.7;
/// The bonus for a heading's words that the question asked for, by their share.
const HEADING_FIT: f32 = 0.4;
/// The bonus for a unit of the kind that the question asks for.
const WANTED: f32 = 0.2;
/// The bonus for a heading that asks for the same kind of answer.
const ALIKE: f32 = 0.25;
/// The extra bonus if it asks in the same words.
const SAME_PHRASE: f32 = 0.2;
/// The penalty for each better passage.
const RANK: f32 = 0.15;
/// Units that hold a smaller share of the question do not answer it.
const LEAST: f32 = 0.1;

/// An answer of at most this many lines may be joined by one of another section.
const SHORT: usize = 4;
/// The least score of that section, as a share of the best.
const ABOUT_AS_WELL: f32 = 0.85;

/// The lines of an answer, unless its parts need more to stay together.
const LINES: usize = 5;
/// A section up to this length is shown completely.
const SECTION: usize = 7;
/// A list or a table up to this length is not cut: half a procedure is worse than none.
const WHOLE: usize = 10;
/// The most units of one section that are ever shown.
const MOST: usize = 20;
/// The most lines that a warning may add before and after the chosen ones.
const WARNINGS: usize = 2;

/// A line of the answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::orchestrator::answer) struct Line {
    /// The number of the passage.
    pub number: i32,
    pub text: String,
}

/// A section and the passage it is in.
struct Placed {
    /// The rank of the passage; 0 is the best.
    rank: usize,
    number: i32,
    section: Section,
}

/// Returns the lines that answer the question, or none. They are the best unit with the lines that
/// belong to it and, if that is short, the best unit of another section that fits about as well.
/// Each is shown under the lines that govern it.
pub(in crate::orchestrator::answer) fn choose(question: &str, evidence: &[Governed]) -> Vec<Line> {
    let subject = Subject::of(question);
    let placed = place(evidence);
    let titled = evidence.iter();
    let words =
        words_by_title(titled.map(|(source, _)| (source.title.as_str(), source.text.as_str())));
    let none = HashSet::new();
    let scale = Scale::new(question, &placed);
    let mut ranked: Vec<(f32, &Placed, usize)> = placed
        .iter()
        .filter_map(|placed| {
            let beyond = words.get(placed.section.title.as_str()).unwrap_or(&none);
            let met = |at: &usize| subject.is_met(&placed.section, *at, beyond);
            let (score, at) = scale.best(placed, met)?;
            Some((score, placed, at))
        })
        .filter(|(score, ..)| *score >= LEAST)
        .collect();
    if subject.asks_who_must_not() {
        // A section about the subject says more than a warning in passing.
        let about = |(_, placed, at): &(f32, &Placed, usize)| {
            let unit = placed.section.units.get(*at);
            unit.is_some_and(Subject::is_forbidden_above)
        };
        if ranked.iter().any(about) {
            ranked.retain(about);
        }
    }
    // The sort is stable, so the first wins among equals.
    ranked.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    let best = ranked.first().map_or(0.0, |(score, ..)| *score);
    let mut lines: Vec<Line> = Vec::new();
    let mut units = 0;
    for (score, placed, at) in ranked.into_iter().take(2) {
        if units > SHORT || (units > 0 && score < best * ABOUT_AS_WELL) {
            break;
        }
        let beyond = words.get(placed.section.title.as_str()).unwrap_or(&none);
        let chosen = shown(&placed.section, at, &subject, beyond);
        units += chosen.len();
        add(&mut lines, placed.number, &chosen);
    }
    lines
}

fn place(evidence: &[Governed]) -> Vec<Placed> {
    let numbered = evidence
        .iter()
        .enumerate()
        .flat_map(|(rank, (source, context))| {
            let found = sections(&Extract {
                title: &source.title,
                text: &source.text,
                start: source.start,
                context: context.as_deref(),
            });
            found.into_iter().map(move |section| Placed {
                rank,
                number: source.id,
                section,
            })
        });
    numbered.collect()
}

/// Returns what is shown with the unit at `at`, in order. If rows of a table name the subject, all
/// of those are shown and no others. An answer about who must not do something contains only that.
/// No unit is shown without the lines that it depends on.
fn shown<'a>(
    section: &'a Section,
    at: usize,
    subject: &Subject,
    beyond: &HashSet<String>,
) -> Vec<&'a Unit> {
    let units = section.units.as_slice();
    let (from, to) = window(units, at);
    let picked = units
        .get(at)
        .filter(|unit| unit.kind == Kind::Row && subject.picks(unit));
    let chosen = units.iter().enumerate().filter(|(at, unit)| {
        let row = |picked: &&Unit| unit.kind == Kind::Row && unit.block == picked.block;
        match picked.as_ref().filter(|picked| row(picked)) {
            Some(_) => subject.picks(unit),
            None if subject.asks_who_must_not() => {
                (from..to).contains(at) && subject.is_met(section, *at, beyond)
            }
            None => (from..to).contains(at),
        }
    });
    let whole = chosen.map(|(_, unit)| unit).filter(|unit| !unit.orphan);
    whole.take(MOST).collect()
}

/// Adds the units, each under those of its governing lines that are not shown yet.
fn add(lines: &mut Vec<Line>, number: i32, units: &[&Unit]) {
    for unit in units {
        // A heading may have line breaks, but an answer has one line per citation. A line that only
        // asks cannot be cited: "What is it for?".
        let above = unit.above.iter().flat_map(|line| line.lines());
        let telling = above.filter(|line| content_words(line).next().is_some());
        for text in telling.chain([unit.text.as_str()]) {
            let line = Line {
                number,
                text: text.to_owned(),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
}

/// The words of the question, and how much each of them says.
struct Scale {
    form: Form,
    weights: HashMap<String, f32>,
    total: f32,
}

impl Scale {
    /// A word weighs more if fewer units have it in their text or heading.
    fn new(question: &str, placed: &[Placed]) -> Self {
        let asked: HashSet<String> = topic_words(question).collect();
        let mut counts: HashMap<&str, u16> = asked.iter().map(|word| (word.as_str(), 0)).collect();
        let mut units = 0_u16;
        for Placed { section, .. } in placed {
            let above = words(heading_of(section));
            for unit in &section.units {
                units = units.saturating_add(1);
                let own = words(&unit.text);
                for (word, count) in &mut counts {
                    *count += u16::from(own.contains(*word) || above.contains(*word));
                }
            }
        }
        let weights: HashMap<String, f32> = counts
            .into_iter()
            .map(|(word, count)| {
                let count = f32::from(count);
                let rarity = (f32::from(units) - count + 0.5) / (count + 0.5);
                (word.to_owned(), (1.0 + rarity).ln())
            })
            .collect();
        Self {
            form: Form::of(question),
            total: weights.values().sum(),
            weights,
        }
    }

    /// Returns the section's best unit about the subject: its score and its position.
    fn best(&self, placed: &Placed, met: impl Fn(&usize) -> bool) -> Option<(f32, usize)> {
        (0..placed.section.units.len())
            .filter(met)
            .map(|at| (self.score(placed, at), at))
            // Among equals the first.
            .rev()
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    /// Scores a unit: about 1 if it holds the whole question.
    fn score(&self, placed: &Placed, at: usize) -> f32 {
        let section = &placed.section;
        let Some(unit) = section.units.get(at) else {
            return 0.0;
        };
        let own = words(&unit.text);
        let heading = words(heading_of(section));
        let above = words(&unit.above.join(" "));
        let title = words(&section.title);
        let near: HashSet<String> = section
            .units
            .iter()
            .filter(|other| other.block == unit.block || other.block.abs_diff(unit.block) == 1)
            .flat_map(|other| topic_words(&other.text))
            .collect();
        let held: f32 = self
            .weights
            .iter()
            .map(|(word, weight)| {
                weight
                    * if own.contains(word) {
                        1.0
                    } else if heading.contains(word) {
                        IN_HEADING
                    } else if near.contains(word) || above.contains(word) {
                        IN_NEIGHBOUR
                    } else if title.contains(word) {
                        IN_TITLE
                    } else {
                        0.0
                    }
            })
            .sum();
        if held <= 0.0 {
            return 0.0;
        }
        let asked = heading
            .iter()
            .filter(|word| self.weights.contains_key(*word));
        let shared = asked.count();
        let fit = ratio(shared, heading.len() + self.weights.len() - shared);
        let looks = if self.form.is_met_by(unit) {
            WANTED
        } else {
            0.0
        };
        let alike = match self.form.likeness(&Form::of(heading_of(section))) {
            Likeness::None => 0.0,
            Likeness::Kind => ALIKE,
            Likeness::Phrase => ALIKE + SAME_PHRASE,
        };
        let rank = f32::from(u16::try_from(placed.rank).unwrap_or(u16::MAX));
        (held / self.total + HEADING_FIT * fit + looks + alike) / (1.0 + RANK * rank)
    }
}

/// Returns the heading of a section that begins in the passage. The end of a section that began in
/// another passage must not come before its beginning.
fn heading_of(section: &Section) -> &str {
    if section.begins { &section.heading } else { "" }
}

fn words(text: &str) -> HashSet<String> {
    topic_words(text).collect()
}

fn ratio(part: usize, whole: usize) -> f32 {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    float(part) / float(whole.max(1))
}

/// Returns the range shown with the unit at `at`: its whole list or table, or the sentences around
/// it; then the lines that follow and precede it under the heading, as far as there is room; then
/// warnings.
fn window(units: &[Unit], at: usize) -> (usize, usize) {
    let Some(chosen) = units.get(at) else {
        return (0, 0);
    };
    if units.len() <= SECTION {
        return (0, units.len());
    }
    let together = |other: &Unit| other.block == chosen.block;
    let from = units.iter().position(together).unwrap_or(at);
    let to = units.iter().rposition(together).unwrap_or(at) + 1;
    let most = if chosen.kind == Kind::Sentence && !chosen.text.ends_with(':') {
        LINES
    } else {
        WHOLE
    };
    let (mut from, mut to) = if to - from <= most {
        (from, to)
    } else {
        let from = at.saturating_sub(1).max(from);
        (from, to.min(from + LINES))
    };
    while to - from < LINES {
        // The last items of an earlier list would be half a procedure.
        let sentence = |at| {
            units
                .get(at)
                .is_some_and(|unit: &Unit| unit.kind == Kind::Sentence)
        };
        if to < units.len() {
            to += 1;
        } else if from.checked_sub(1).is_some_and(sentence) {
            from -= 1;
        } else {
            break;
        }
    }
    let warns = |at: usize| units.get(at).is_some_and(|unit| is_warning(&unit.text));
    for _ in 0..WARNINGS {
        to += usize::from(warns(to));
        from -= usize::from(from.checked_sub(1).is_some_and(warns));
    }
    (from, to)
}

/// Whether a line must not be lost beside an answer.
fn is_warning(text: &str) -> bool {
    spoken().denial.warnings.are_in(&spaced(text))
}
