//! Chooses the lines of the passages that answer a question in another language than English.

use super::told::tongue_of;
use super::weights::{Weights, holds};
use crate::language::Tongue;
use crate::language::asks::Ask;
use crate::language::lists::Set;
use crate::language::terms::{Forms, terms};
use crate::language::units::{Extract, Kind, Section, Unit, sections};
use crate::orchestrator::answer::extractive::Line;
use crate::orchestrator::answer::governed::Governed;

/// A word in the unit counts fully, in a line above it or in the title less.
const ABOVE: f32 = 0.7;
const IN_TITLE: f32 = 0.5;
/// The bonus for a number if the question asks for one, and the penalty for each better passage.
const QUANTITY: f32 = 0.25;
const RANK: f32 = 0.1;
/// The least score of a further line of the section, as a share of the best.
const ABOUT_AS_WELL: f32 = 0.85;
/// The most lines besides those above; a list up to the second length is shown whole.
const LINES: usize = 4;
const WHOLE: usize = 10;

struct Place {
    rank: usize,
    number: i32,
    section: Section,
    title: Set<String>,
    above: Set<String>,
}

/// Returns the lines that answer the message: the best unit with those of its section that fit about as
/// well, or its whole list, each under the lines that govern it.
pub(in crate::orchestrator::answer) fn choose(
    message: &str,
    tongue: Tongue,
    evidence: &[Governed],
) -> Vec<Line> {
    let ask = Ask::of(message, tongue);
    let places = places(evidence, tongue);
    let units = places.iter().flat_map(|place| &place.section.units);
    let held: Vec<Set<String>> = units
        .map(|unit| terms(&unit.text, tongue).collect())
        .collect();
    let weights = Weights::of(&ask.words, &held);
    let mut best: Option<(f32, &Place, usize)> = None;
    for place in &places {
        for at in 0..place.section.units.len() {
            let score = score(&ask, &weights, place, at);
            if score > 0.0 && best.is_none_or(|(most, ..)| score > most) {
                best = Some((score, place, at));
            }
        }
    }
    let Some((most, place, at)) = best else {
        return Vec::new();
    };
    let near = |other: usize| score(&ask, &weights, place, other) >= most * ABOUT_AS_WELL;
    lines(place, at, near)
}

fn places(evidence: &[Governed], tongue: Tongue) -> Vec<Place> {
    let same = |(source, _): &&Governed| tongue_of(&source.title, &source.text) == Some(tongue);
    let sources = evidence.iter().filter(same).enumerate();
    let found = sources.flat_map(|(rank, (source, context))| {
        let extract = Extract {
            title: &source.title,
            text: &source.text,
            start: source.start,
            context: context.as_deref(),
        };
        let title: Set<String> = terms(&source.title, tongue).collect();
        sections(&extract).into_iter().map(move |section| Place {
            rank,
            number: source.id,
            above: terms(&section.heading, tongue).collect(),
            title: title.clone(),
            section,
        })
    });
    found.collect()
}

fn score(ask: &Ask, weights: &Weights, place: &Place, at: usize) -> f32 {
    let Some(unit) = place.section.units.get(at).filter(|unit| !unit.orphan) else {
        return 0.0;
    };
    let own: Set<String> = terms(&unit.text, ask.tongue).collect();
    let lines = unit.above.iter();
    let lines: Set<String> = lines.flat_map(|line| terms(line, ask.tongue)).collect();
    let value = |forms: &Forms| {
        if holds(&own, forms) {
            1.0
        } else if holds(&lines, forms) || holds(&place.above, forms) {
            ABOVE
        } else if holds(&place.title, forms) {
            IN_TITLE
        } else {
            0.0
        }
    };
    let held = weights.sum(value);
    if held <= 0.0 {
        return 0.0;
    }
    let has_number = unit.text.contains(char::is_numeric);
    let bonus = if ask.wants_quantity && has_number {
        QUANTITY
    } else {
        0.0
    };
    let rank = f32::from(u16::try_from(place.rank).unwrap_or(u16::MAX));
    (held + bonus) / (1.0 + RANK * rank)
}

fn lines(place: &Place, at: usize, near: impl Fn(usize) -> bool) -> Vec<Line> {
    let units = &place.section.units;
    let Some(chosen) = units.get(at) else {
        return Vec::new();
    };
    let together = |unit: &Unit| unit.block == chosen.block && chosen.kind == Kind::Item;
    let list = units.iter().filter(|unit| together(unit)).count();
    let mut found: Vec<Line> = Vec::new();
    let mut shown = 0;
    for (other, unit) in units.iter().enumerate() {
        let whole = list <= WHOLE && together(unit);
        let fits = other == at || whole || (shown < LINES && near(other));
        if unit.orphan || !fits {
            continue;
        }
        shown += 1;
        let above = unit.above.iter().flat_map(|line| line.lines());
        for text in above.chain([unit.text.as_str()]) {
            let line = Line {
                number: place.number,
                text: text.to_owned(),
            };
            if !found.contains(&line) {
                found.push(line);
            }
        }
    }
    found
}
