//! The features of a passage for a question, as numbers between about 0 and 1.

use super::super::extractive::Form;
use super::share::share;
use crate::domain::evidence::Passage;
use crate::language::asked::{Asked, announced};
use crate::language::aspect::Aspects;
use crate::language::demand::Demand;
use crate::language::lists::{Set, Table, lower_words};
use crate::language::subject::{Subject, holds};
use crate::language::units::{Section, Unit};
use crate::language::{spoken, topic_words};

/// The features, in the order of their values.
pub const NAMES: [&str; 20] = [
    "cosine",
    "cosine_lead",
    "lexical",
    "rank",
    "coverage",
    "complete",
    "coverage_unit",
    "coverage_unit_above",
    "heading_asked",
    "names_missing",
    "aspect_met",
    "aspect_other",
    "aspect_unknown",
    "aspect_said",
    "form_met",
    "length",
    "around_coverage",
    "demand_unmet",
    "points_back",
    "bare",
];

/// The values of the features.
pub type Values = [f32; NAMES.len()];

/// A question, read once for all passages.
pub struct Reading {
    words: Table<String, f32>,
    total: f32,
    all: Set<String>,
    names: Vec<String>,
    /// The topic words that only the rest of the message has.
    around: Set<String>,
    /// The thing that is asked about, if the question says "of" it; no other answers.
    object: Vec<String>,
    aspects: Aspects,
    form: Form,
    demand: Demand,
    points_back: bool,
    /// Whether the question is short and says too little to tell what it is about.
    is_bare: bool,
}

/// A question with fewer topic words and no name could be about anything.
const TELLING: usize = 2;
/// A question of so many words is not short.
const SHORT: usize = 7;

/// A name says more than another word.
const NAME: f32 = 2.0;

impl Reading {
    /// Reads a question; `points_back` says whether its message needs the conversation.
    pub fn of(asked: &Asked, subject: &Subject, points_back: bool) -> Self {
        let names: Vec<String> = subject.named().map(str::to_owned).collect();
        let in_names: Set<String> = names.iter().flat_map(|name| topic_words(name)).collect();
        let words: Table<String, f32> = topic_words(&announced(&asked.text))
            .map(|word| {
                let weight = if in_names.contains(&word) { NAME } else { 1.0 };
                (word, weight)
            })
            .collect();
        let is_bare =
            words.len() < TELLING && names.is_empty() && lower_words(&asked.text).count() < SHORT;
        Self {
            total: words.values().sum(),
            all: topic_words(&asked.around)
                .chain(words.keys().cloned())
                .collect(),
            around: topic_words(&asked.around)
                .filter(|word| !words.contains_key(word))
                .collect(),
            words,
            names,
            object: object_of(&asked.text),
            aspects: Aspects::asked(&asked.text),
            form: Form::of(&asked.text),
            demand: Demand::of(&asked.text),
            points_back,
            is_bare,
        }
    }

    /// Returns the weighted share of the question's words among these.
    fn coverage(&self, held: &Set<String>) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let words = self.words.iter();
        let held: f32 = words
            .filter(|(word, _)| self.is_held(word, held))
            .map(|(_, weight)| weight)
            .sum();
        held / self.total
    }

    /// Whether the words hold a word of the question. Only a name is looked for with its mistakes,
    /// which costs more.
    fn is_held(&self, word: &str, held: &Set<String>) -> bool {
        let is_name = || self.words.get(word).is_some_and(|weight| *weight > 1.0);
        held.contains(word) || (is_name() && holds(held, word))
    }

    fn names_in(&self, held: &Set<String>) -> f32 {
        let found = self.names.iter().filter(|name| holds(held, name)).count();
        share(found, self.names.len())
    }
}

/// Returns the topic words of the clause after the last "of".
fn object_of(text: &str) -> Vec<String> {
    let questions = &spoken().questions;
    let words: Vec<String> = lower_words(text).collect();
    let is_of = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        words.get(*at).is_some_and(|word| word == questions.of)
            && before.is_some_and(|word| !questions.not_of.contains(word))
    };
    let Some(at) = (0..words.len()).rev().find(is_of) else {
        return Vec::new();
    };
    let ends = &spoken().conditions.clause_ends;
    let clause = words
        .iter()
        .skip(at + 1)
        .take_while(|word| !ends.contains(word));
    clause.flat_map(|word| topic_words(word)).collect()
}

/// The evidence of a search, as far as passages are compared with each other.
pub struct Field {
    cosine: f32,
    lexical: f32,
    /// The words of each passage with its title and the lines above it.
    pub held: Vec<Set<String>>,
}

impl Field {
    pub fn of(passages: &[Passage]) -> Self {
        let best = |score: fn(&Passage) -> Option<f32>| {
            let scores = passages.iter().filter_map(score);
            scores.fold(0.0_f32, f32::max)
        };
        Self {
            cosine: best(|passage| passage.scores.dense),
            lexical: best(|passage| passage.scores.lexical),
            held: passages.iter().map(all_words).collect(),
        }
    }
}

fn all_words(passage: &Passage) -> Set<String> {
    let above = passage.context.iter().flatten();
    topic_words(&passage.title)
        .chain(topic_words(&passage.text))
        .chain(above.flat_map(|line| topic_words(&line.text)))
        .collect()
}

fn words(text: &str) -> Set<String> {
    topic_words(text).collect()
}

/// Returns the values for a passage at this rank, or none if no unit may answer; `sections` are its own, and `may` says which units
/// may answer.
pub fn values(
    reading: &Reading,
    field: &Field,
    (rank, passage): (usize, &Passage),
    sections: &[Section],
    may: impl Fn(&Section, usize) -> bool,
) -> Option<Values> {
    let title = words(&passage.title);
    let titled = Aspects::headed(&passage.title);
    let mut best: Option<(f32, UnitValues)> = None;
    let mut is_met = reading.demand.is_empty();
    for section in sections {
        let mut above: Option<Above<'_>> = None;
        for (at, unit) in section.units.iter().enumerate() {
            if !may(section, at) {
                continue;
            }
            // Units of one list are under the same lines, which are read once.
            let over = match above.take().filter(|known| known.lines == unit.above) {
                Some(known) => known,
                None => Above::of(section, unit, titled),
            };
            let found = unit_values(reading, unit, &over, &title);
            is_met = is_met || found.is_met;
            above = Some(over);
            let score = found.score();
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, found));
            }
        }
    }
    let (_, unit) = best?;
    let held = field.held.get(rank)?;
    let mut object = reading.object.iter().peekable();
    if object.peek().is_some() && !object.any(|word| holds(held, word)) {
        return None;
    }
    let coverage = reading.coverage(held);
    let cosine = passage.scores.dense.unwrap_or_default();
    let lexical = passage.scores.lexical.unwrap_or_default();
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    let flag = |is: bool| f32::from(u8::from(is));
    let names_held = reading.names_in(held);
    let around_held = reading.around.intersection(held).count();
    Some([
        cosine,
        cosine - field.cosine,
        lexical / field.lexical.max(1.0),
        1.0 / (1.0 + float(rank)),
        coverage,
        flag(coverage >= 0.999),
        unit.coverage_own,
        unit.coverage_above,
        unit.heading_asked,
        flag(!reading.names.is_empty() && names_held < 0.999),
        flag(reading.aspects.meets(unit.headed)),
        flag(reading.aspects.differs(unit.headed)),
        flag(!reading.aspects.is_bound()),
        flag(reading.aspects.meets(unit.said)),
        flag(unit.form_met),
        (float(reading.words.len()) / 10.0).min(1.5),
        share(around_held, reading.around.len()),
        flag(!is_met),
        flag(reading.points_back),
        flag(reading.is_bare),
    ])
}

/// The values of the unit that fits best.
#[derive(Default)]
struct UnitValues {
    coverage_own: f32,
    coverage_above: f32,
    heading_asked: f32,
    headed: Aspects,
    said: Aspects,
    form_met: bool,
    meets: bool,
    /// Whether it has what the question demands.
    is_met: bool,
}

impl UnitValues {
    fn score(&self) -> f32 {
        self.coverage_own + 0.8 * self.coverage_above + if self.meets { 0.4 } else { 0.0 }
    }
}

/// The lines that stand above a unit.
struct Above<'a> {
    lines: &'a [String],
    words: Set<String>,
    headed: Aspects,
}

impl<'a> Above<'a> {
    fn of(section: &'a Section, unit: &'a Unit, titled: Aspects) -> Self {
        let lines = unit.above.join("\n");
        Self {
            lines: &unit.above,
            words: topic_words(&lines)
                .chain(topic_words(&section.heading))
                .collect(),
            headed: titled
                .and(Aspects::headed(&section.heading))
                .and(Aspects::headed(&lines)),
        }
    }
}

fn unit_values(
    reading: &Reading,
    unit: &Unit,
    above: &Above<'_>,
    title: &Set<String>,
) -> UnitValues {
    let own = words(&unit.text);
    let over = above.words.iter();
    let asked = over.filter(|word| reading.all.contains(*word)).count();
    let heading_asked = share(asked, above.words.len());
    let coverage_own = reading.coverage(&own);
    let mut all = own;
    all.extend(above.words.iter().cloned());
    let demand = &reading.demand;
    let is_met = demand.is_empty() || demand.is_met_by(&unit.text, above.lines, &all, title);
    all.extend(title.iter().cloned());
    let headed = above.headed;
    let said = Aspects::said(&unit.text);
    UnitValues {
        coverage_own,
        coverage_above: reading.coverage(&all),
        heading_asked,
        meets: reading.aspects.meets(headed) || reading.aspects.meets(said),
        headed,
        said,
        form_met: reading.form.is_met_by(unit),
        is_met,
    }
}
