//! Chooses the units that answer the question: the best one, and the lines that belong to it.

#[cfg(test)]
mod tests;

use super::rows::Filter;
use super::scale::{Placed, Scale};
use crate::language::asked::{Asked, questions};
use crate::language::lists::{Set, Table, spaced};
use crate::language::subject::{Subject, words_by_title};
use crate::language::units::{Extract, Kind, Section, Unit, sections};
use crate::language::{content_words, spoken};
use crate::orchestrator::answer::governed::Governed;

/// An answer of at most this many lines may be joined by one of another section.
const SHORT: usize = 4;
/// The least score of that section, as a share of the best.
const ABOUT_AS_WELL: f32 = 0.8;
/// The same for the answer to another question of the message.
const ANOTHER: f32 = 0.5;

/// The most documents that an answer quotes from.
const DOCUMENTS: usize = 3;
/// The least support of another document that is quoted as well, as a share of the best.
const BESIDE: f32 = 0.55;

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

/// A unit that may answer, with the question that it answers.
struct Fit<'a> {
    score: f32,
    placed: &'a Placed,
    at: usize,
    /// The place of the question among those of the message, and its words.
    question: usize,
    text: &'a str,
    subject: &'a Subject,
}

impl Fit<'_> {
    fn unit(&self) -> Option<&Unit> {
        self.placed.section.units.get(self.at)
    }

    /// Returns the row, or the first one under it if the unit is the header of a table.
    fn row(&self) -> Option<&Unit> {
        let row = self.unit().filter(|unit| unit.kind == Kind::Row)?;
        let mut units = self.placed.section.units.iter();
        Some(
            units
                .find(|unit| unit.above.contains(&row.text))
                .unwrap_or(row),
        )
    }

    /// Returns the condition that the question sets on the rows, if the unit is one of a table and
    /// the question does not name one by its name.
    fn filter(&self) -> Option<Filter> {
        let row = self.row()?;
        let filter = Filter::of(self.text, &self.placed.section, row);
        filter.filter(|_| !self.subject.picks(row))
    }
}

/// Returns the lines that answer the message, or none. They are the best unit with the lines that
/// belong to it and, if that is short or another question is open, the best unit of another section
/// that fits about as well. Each is shown under the lines that govern it.
pub(in crate::orchestrator::answer) fn choose(message: &str, evidence: &[Governed]) -> Vec<Line> {
    let placed = place(evidence);
    let titled = evidence.iter();
    let words =
        words_by_title(titled.map(|(source, _)| (source.title.as_str(), source.text.as_str())));
    let asked = questions(message);
    let subjects: Vec<Subject> = asked.iter().map(Subject::of_asked).collect();
    let mut ranked: Vec<Fit<'_>> = asked
        .iter()
        .zip(&subjects)
        .enumerate()
        .flat_map(|(nth, (asked, subject))| fits((nth, asked, subject), &placed, &words))
        .collect();
    // The sort is stable, so the first wins among equals.
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = ranked.first().map_or(0.0, |fit| fit.score);
    let first = ranked.first().map_or(0, |fit| fit.question);
    let mut lines: Vec<Line> = Vec::new();
    let mut units = 0;
    let mut answered: Vec<usize> = Vec::new();
    for fit in &ranked {
        let times = answered
            .iter()
            .filter(|other| **other == fit.question)
            .count();
        let fits = match (answered.is_empty(), fit.question == first) {
            (true, _) => true,
            (_, true) => times < 2 && units <= SHORT && fit.score >= best * ABOUT_AS_WELL,
            (_, false) => times < 1 && fit.score >= best * ANOTHER,
        };
        if !fits {
            continue;
        }
        answered.push(fit.question);
        if let Some(filter) = fit.filter() {
            add_rows(&mut lines, &placed, fit, &filter);
            units = MOST;
            continue;
        }
        units += add_shown(&mut lines, fit, &words);
    }
    for other in beside(&ranked, &lines, evidence) {
        add_shown(&mut lines, other, &words);
    }
    lines
}

/// Adds what is shown with the unit; returns how many units that are.
fn add_shown(lines: &mut Vec<Line>, fit: &Fit<'_>, words: &Table<&str, Set<String>>) -> usize {
    let section = &fit.placed.section;
    let none = Set::default();
    let beyond = words.get(section.title.as_str()).unwrap_or(&none);
    let chosen = shown(section, fit.at, fit.subject, beyond);
    add(lines, fit.placed.number, &chosen);
    chosen.len()
}

/// Returns the best unit of each other document whose support is close to the best: the answer then
/// does not depend on a choice between equals. There is none beside a choice of rows.
fn beside<'a, 'b>(
    ranked: &'b [Fit<'a>],
    lines: &[Line],
    evidence: &[Governed],
) -> Vec<&'b Fit<'a>> {
    let source = |number: i32| evidence.iter().find(|(source, _)| source.id == number);
    let document = |number: i32| source(number).map(|(source, _)| source.document_id);
    let mut quoted: Vec<_> = lines
        .iter()
        .filter_map(|line| document(line.number))
        .collect();
    quoted.dedup();
    let best = evidence
        .iter()
        .map(|(source, _)| source.score)
        .fold(0.0, f32::max);
    let mut close: Vec<&Governed> = evidence.iter().collect();
    close.retain(|(source, _)| source.score > 0.0 && source.score >= best * BESIDE);
    close.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score));
    let mut found = Vec::new();
    for (source, _) in close {
        if quoted.len() >= DOCUMENTS || quoted.contains(&source.document_id) {
            continue;
        }
        let fit = ranked.iter().find(|fit| fit.placed.number == source.id);
        if let Some(fit) = fit.filter(|fit| fit.filter().is_none()) {
            quoted.push(source.document_id);
            found.push(fit);
        }
    }
    found
}

/// Adds the rows that the question asks for, from every passage that has a part of the table.
fn add_rows(lines: &mut Vec<Line>, placed: &[Placed], fit: &Fit<'_>, filter: &Filter) {
    let Some(row) = fit.row() else {
        return;
    };
    let mut is_open = false;
    let mut parts: Vec<&Placed> = placed.iter().collect();
    parts.sort_by_key(|part| part.number != fit.placed.number);
    for part in parts {
        let same = |unit: &&Unit| {
            unit.kind == Kind::Row && unit.above == row.above && filter.is_met_by(unit)
        };
        if part.section.title == fit.placed.section.title {
            let rows = part.section.units.iter().filter(same);
            let whole: Vec<&Unit> = rows.filter(|unit| !unit.orphan).take(MOST).collect();
            if is_open {
                // The lines above are the same, and shown already.
                lines.extend(whole.iter().map(|unit| Line {
                    number: part.number,
                    text: unit.text.clone(),
                }));
            } else {
                add(lines, part.number, &whole);
                is_open = !whole.is_empty();
            }
        }
    }
}

/// Returns the best unit of each section that answers this question.
fn fits<'a>(
    (nth, asked, subject): (usize, &'a Asked, &'a Subject),
    placed: &'a [Placed],
    words: &Table<&str, Set<String>>,
) -> Vec<Fit<'a>> {
    let scale = Scale::new(asked, placed);
    let none = Set::default();
    let best = placed.iter().filter_map(|placed| {
        let beyond = words.get(placed.section.title.as_str()).unwrap_or(&none);
        let met = |at: &usize| subject.is_met(&placed.section, *at, beyond);
        let (score, at) = scale.best(placed, met)?;
        Some(Fit {
            score,
            placed,
            at,
            question: nth,
            text: &asked.text,
            subject,
        })
    });
    let mut found: Vec<Fit<'a>> = best.filter(|fit| fit.score > 0.0).collect();
    if subject.asks_who_must_not() {
        // A section about the subject says more than a warning in passing.
        let about = |fit: &Fit<'_>| fit.unit().is_some_and(Subject::is_forbidden_above);
        if found.iter().any(about) {
            found.retain(about);
        }
    }
    found
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
    beyond: &Set<String>,
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

/// Adds the units, each under those of its governing lines that are not shown yet. A unit that
/// another document shows already is left out: two documents may say the same.
fn add(lines: &mut Vec<Line>, number: i32, units: &[&Unit]) {
    for unit in units {
        if lines
            .iter()
            .any(|line| line.number != number && line.text == unit.text)
        {
            continue;
        }
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
