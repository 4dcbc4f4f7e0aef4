//! How well a unit answers a question.

use super::question::{Form, Likeness};
use crate::language::asked::Asked;
use crate::language::aspect::Aspects;
use crate::language::lists::{Set, Table};
use crate::language::topic_words;
use crate::language::units::{Section, Unit};

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
/// The bonus for lines above the unit, and for its own words, that tell the aspect that is asked,
/// and the penalty for lines above it that tell another one.
const ASPECT: f32 = 0.3;
const ASPECT_SAID: f32 = 0.15;
/// The weight of the words around the question, together, as a share of its own: "My son has
/// croup. What can be done?"
const AROUND: f32 = 0.25;
/// The penalty for each better passage.
const RANK: f32 = 0.15;

/// A section and the passage it is in.
pub(super) struct Placed {
    /// The rank of the passage; 0 is the best.
    pub rank: usize,
    pub number: i32,
    pub section: Section,
}

/// The words of the question, and how much each of them says.
pub(super) struct Scale {
    form: Form,
    aspects: Aspects,
    weights: Table<String, f32>,
    total: f32,
}

impl Scale {
    /// A word weighs more if fewer units have it in their text or heading.
    pub fn new(asked: &Asked, placed: &[Placed]) -> Self {
        let own = words(&asked.text);
        let around = words(&asked.around);
        let all = own.iter().chain(&around);
        let mut counts: Table<&str, u16> = all.map(|word| (word.as_str(), 0)).collect();
        let mut units = 0_u16;
        for Placed { section, .. } in placed {
            let above = words(heading_of(section));
            for unit in &section.units {
                units = units.saturating_add(1);
                let held = words(&unit.text);
                for (word, count) in &mut counts {
                    *count += u16::from(held.contains(*word) || above.contains(*word));
                }
            }
        }
        let mut weights: Table<String, f32> = counts
            .into_iter()
            .map(|(word, count)| {
                let count = f32::from(count);
                let rarity = (f32::from(units) - count + 0.5) / (count + 0.5);
                (word.to_owned(), (1.0 + rarity).ln())
            })
            .collect();
        let sum = |words: &Table<String, f32>, is_asked: bool| -> f32 {
            let counted = words
                .iter()
                .filter(|(word, _)| own.contains(*word) == is_asked);
            counted.map(|(_, weight)| weight).sum()
        };
        let total = sum(&weights, true);
        let beside = sum(&weights, false);
        let share = (AROUND * total / beside.max(f32::MIN_POSITIVE)).min(AROUND);
        for (word, weight) in &mut weights {
            if !own.contains(word) {
                *weight *= share;
            }
        }
        Self {
            form: Form::of(&asked.text),
            aspects: Aspects::asked(&asked.text),
            total: total.max(f32::MIN_POSITIVE),
            weights,
        }
    }

    /// Returns the section's best unit about the subject: its score and its position.
    pub fn best(&self, placed: &Placed, met: impl Fn(&usize) -> bool) -> Option<(f32, usize)> {
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
        let near: Set<String> = section
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
        let sum =
            held / self.total + HEADING_FIT * fit + looks + alike + self.aspect(section, unit);
        sum / (1.0 + RANK * rank)
    }
}

impl Scale {
    fn aspect(&self, section: &Section, unit: &Unit) -> f32 {
        let above = Aspects::headed(heading_of(section))
            .and(Aspects::headed(&unit.above.join(" ")))
            .and(Aspects::headed(&section.title));
        let headed = if self.aspects.meets(above) {
            ASPECT
        } else if self.aspects.differs(above) {
            -ASPECT
        } else {
            0.0
        };
        if self.aspects.meets(Aspects::said(&unit.text)) {
            headed + ASPECT_SAID
        } else {
            headed
        }
    }
}

/// Returns the heading of a section that begins in the passage. The end of a section that began in
/// another passage must not come before its beginning.
fn heading_of(section: &Section) -> &str {
    if section.begins { &section.heading } else { "" }
}

fn words(text: &str) -> Set<String> {
    topic_words(text).collect()
}

fn ratio(part: usize, whole: usize) -> f32 {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    float(part) / float(whole.max(1))
}
